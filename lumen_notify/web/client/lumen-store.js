// Store: what a page shows, kept up to date by the frames of a client: the inbox, the rooms, a conversation.

export { Conversation } from "./store/conversation.js";
export { Inbox } from "./store/inbox.js";
export { Rooms } from "./store/rooms.js";
