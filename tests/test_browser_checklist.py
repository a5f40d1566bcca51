"""What the browser's side must have, line by line, and the tests that hold it.

A line without tests is still to be done. A line with tests fails as soon as one of them goes.
"""

from __future__ import annotations

import pytest

from checklist import Lines, cases, check

LINES: Lines = {
    # The client
    "the client is one module that loads push alone on demand, typed, with a package.json for npm": (
        "web/test_package.py::test_the_client_is_one_file_and_loads_push_on_demand_alone",
        "web/test_package.py::test_npm_takes_the_package_as_it_is",
        "web/test_package.py::test_typescript_takes_a_program_that_uses_each_module",
        "web/test_package.py::test_types_and_module_export_the_same_names",
    ),
    "the modules are served with a type, cross-origin, and by content hash for ever": (
        "api/web/test_client_files.py::test_each_file_has_its_type_and_may_be_loaded_by_any_page",
        "api/web/test_client_files.py::test_files_below_the_hash_are_kept_for_ever",
        "api/web/test_client_files.py::test_files_of_another_hash_are_redirected_to_those_of_today",
        "api/web/test_client_files_in_browser.py::test_page_of_another_origin_imports_all_modules_below_a_mount",
    ),
    "each frame becomes an event of the client, and no frame of the server is unknown to it": (
        "web/test_client_in_browser.py::test_no_frame_of_the_server_is_unknown_to_the_client",
        "web/test_modules.py::test_logic_of_module_holds",
    ),
    "every instance fires `state` and `unread` within a second of start(), followers included": (
        "web/test_client_in_browser.py::test_five_tabs_share_one_stream_and_each_shows_the_count",
    ),
    "all tabs of a user share one stream": (
        "web/test_client_in_browser.py::test_five_tabs_share_one_stream_and_each_shows_the_count",
    ),
    "a new leader follows within a second of the old one's end, without loss or repeat": (
        "web/test_client_in_browser.py::test_another_tab_goes_on_without_loss_or_repeat_when_the_leader",
    ),
    "without Web Locks each tab has a stream": ("web/test_modules.py::test_logic_of_module_holds",),
    "one toast and one sound for all tabs, a badge in each": (
        "web/test_bell_states_in_browser.py::test_one_tab_shows_at_most_three_toasts_and_none_for_what_was_missed",
    ),
    "the token is renewed before it expires, and the stream goes on": (
        "web/test_client_in_browser.py::test_reload_resumes_and_a_token_that_expires_is_renewed",
    ),
    "the token is never in a URL unless asked": (
        "web/test_client_in_browser.py::test_five_tabs_share_one_stream_and_each_shows_the_count",
        "web/test_client_in_browser.py::test_reload_resumes_and_a_token_that_expires_is_renewed",
    ),
    "a reload and a new leader resume from the cursor, and repeats are dropped": (
        "web/test_client_in_browser.py::test_reload_resumes_and_a_token_that_expires_is_renewed",
        "web/test_client_in_browser.py::test_another_tab_goes_on_without_loss_or_repeat_when_the_leader",
    ),
    "backoff is from 2 to 30 s with full jitter, for 15 tries, then on online, focus and activity": (
        "web/test_modules.py::test_logic_of_module_holds",
        "web/test_client_in_browser.py::test_half_open_connection_and_lost_network_are_noticed",
    ),
    "a stream that says nothing for two and a half pings is opened again": (
        "web/test_client_in_browser.py::test_half_open_connection_and_lost_network_are_noticed",
    ),
    "page rules say which features are on; nothing connects elsewhere or before sign-in": (
        "web/test_modules.py::test_logic_of_module_holds",
    ),
    "marks show at once and are undone when the request fails": (
        "web/test_modules.py::test_logic_of_module_holds",
        "web/test_store_in_browser.py::test_stores_equal_a_fresh_fetch_after_a_random_walk",
    ),
    "a reset refetches by itself": ("web/test_modules.py::test_logic_of_module_holds",),
    "a message that failed is sent again with its client_id": (
        "web/test_modules.py::test_logic_of_module_holds",
    ),
    "typing is reported at most once in 3 s": ("web/test_modules.py::test_logic_of_module_holds",),
    "the client works from another origin with credentials": (
        "web/test_client_in_browser.py::test_client_works_from_another_origin_with_credentials_and_ends_the_cookie",
    ),
    "the client works below a mount path and behind a prefix": (
        "web/test_client_in_browser.py::test_client_works_below_a_mount_path_and_behind_a_prefix_that_a_proxy_strips",
    ),
    "JSON routes send no policy that keeps a page's script from importing the client": (
        "api/web/test_client_files_in_browser.py::test_page_of_a_json_route_imports_the_client",
        "api/test_origins_and_cookies.py::test_json_routes_send_no_policy",
    ),
    "the signed-out page causes no failing request and no console error": (
        "web/test_page_session_in_browser.py::test_signed_out_page_is_clean_and_connects_to_nothing",
    ),
    # The bell
    "two lines of HTML put the bell on a page": (
        "web/test_bell_in_browser.py::test_two_lines_of_html_put_the_bell_on_a_page",
    ),
    "the badge shows 99+ and its change shifts nothing": (
        "web/test_bell_in_browser.py::test_two_lines_of_html_put_the_bell_on_a_page",
    ),
    "the panel lists, groups, filters and loads more": (
        "web/test_bell_in_browser.py::test_panel_lists_groups_filters_and_loads_more",
    ),
    "notifications are seen when the panel opens, read on click, all at once, or archived": (
        "web/test_bell_in_browser.py::test_notifications_are_seen_read_and_archived",
    ),
    "preferences can be changed in the panel": (
        "web/test_bell_in_browser.py::test_preferences_can_be_changed_in_the_panel",
    ),
    "the panel has empty, loading, offline and error states": (
        "web/test_bell_states_in_browser.py::test_panel_shows_that_it_loads_is_empty_or_has_failed",
        "web/test_bell_states_in_browser.py::test_panel_shows_that_the_server_is_away",
    ),
    "toasts, sound and system notifications can be switched": (
        "web/test_bell_states_in_browser.py::test_toasts_sound_and_system_notifications_can_be_switched",
    ),
    "the bell works by keyboard and with a screen reader": (
        "web/test_bell_in_browser.py::test_bell_works_by_keyboard_and_with_a_screen_reader",
    ),
    "the bell is light and dark, right to left, without motion if asked, themed by properties and parts": (
        "web/test_bell_states_in_browser.py::test_bell_is_legible_in_each_look",
        "web/test_bell_states_in_browser.py::test_bell_can_be_themed_by_properties_and_parts",
    ),
    "the bell speaks English, simplified and traditional Chinese, and any language given": (
        "web/test_bell_states_in_browser.py::test_bell_speaks_the_language_of_the_page",
    ),
    "<lumen-chat> puts one conversation on a page": (
        "web/test_chat_in_browser.py::test_two_users_chat_with_typing_presence_and_read_marks",
        "web/test_chat_states_in_browser.py::test_public_room_is_joined_and_left",
        "web/test_chat_states_in_browser.py::test_messages_are_reached_by_keyboard",
    ),
    # The page
    "a new user signs in as a demo user by one click, and two users chat": (
        "web/test_page_demo_in_browser.py::test_two_users_chat_after_one_click_each",
        "browsers/test_main_story.py::test_two_users_chat_and_their_counts_follow_on_each_device",
    ),
    "users register and log in on the page": (
        "web/test_page_session_in_browser.py::test_users_register_log_in_and_sign_out_everywhere",
        "web/test_page_session_in_browser.py::test_session_with_an_account_goes_on_and_the_copy_of_a_tab_keeps_it",
    ),
    "the page lists rooms with unread counts and last messages, and public rooms to join": (
        "web/test_page_in_browser.py::test_rooms_show_what_is_new_and_public_rooms_can_be_joined",
    ),
    "history loads upward and keeps its place": (
        "web/test_chat_in_browser.py::test_history_keeps_its_place_while_it_loads_at_both_ends",
        "web/test_chat_in_browser.py::test_room_opens_at_the_first_unread_message_and_is_read_when_seen",
    ),
    "mentions, replies, edits and deletion work on the page": (
        "web/test_chat_in_browser.py::test_members_are_mentioned_by_keyboard",
        "web/test_chat_in_browser.py::test_replies_quote_the_original_and_lead_to_it",
        "web/test_chat_in_browser.py::test_messages_are_edited_and_deleted",
    ),
    "typing, online users and read marks are shown": (
        "web/test_chat_in_browser.py::test_two_users_chat_with_typing_presence_and_read_marks",
        "web/test_chat_states_in_browser.py::test_direct_room_shows_the_other_user_and_what_they_have_seen",
    ),
    "direct messages work on the page": (
        "web/test_page_demo_in_browser.py::test_direct_message_to_a_username",
    ),
    "each room and message has its own URL: reload, back and an opened link work": (
        "web/test_page_in_browser.py::test_each_place_has_an_address",
    ),
    "the count that the bell shows can be cleared by what the bell offers": (
        "web/test_page_in_browser.py::test_count_of_the_bell_is_cleared_by_the_bell_and_a_mention_leads_to_its_message",
    ),
    "no route that changes anything accepts a cookie": (
        "api/test_origins_and_cookies.py::test_no_route_that_changes_anything_accepts_a_cookie",
    ),
    "the page runs under a strict policy, without inline script": (
        "web/test_page_session_in_browser.py::test_signed_out_page_is_clean_and_connects_to_nothing",
    ),
    "the page works on a phone": ("web/test_page_in_browser.py::test_phone_shows_the_rooms_or_a_room",),
    # Frameworks
    "a Vue composable and a React hook from the docs run against the real client": (
        "web/test_frameworks_in_browser.py::test_component_shows_the_count_and_the_list",
    ),
    "the recipes for FastAPI and Django run, those for Flask, Express and Laravel are there": (
        "web/test_frameworks_in_browser.py::test_component_shows_the_count_and_the_list",
        "web/test_frameworks_in_browser.py::test_django_and_flask_mint_tokens_and_publish",
    ),
    "docs/browser.md leads from a FastAPI application to a working bell, followed literally": (
        "test_browser_guide.py::test_a_fastapi_application_gets_a_bell",
    ),
    # Browsers
    "two users chat in Chromium: typing, read marks and counts follow": (
        "browsers/test_main_story.py::test_two_users_chat_and_their_counts_follow_on_each_device",
    ),
    "two users chat in Firefox": (
        "browsers/test_main_story.py::test_two_users_chat_and_their_counts_follow_on_each_device",
    ),
    "two users chat in WebKit": (
        "browsers/test_main_story.py::test_two_users_chat_and_their_counts_follow_on_each_device",
    ),
    "the page survives offline, a killed server, an expiring token and a half-open connection": (
        "browsers/test_outages.py::test_chat_goes_on_when_tabs_close_the_network_fails_and_the_server_is_killed",
        "browsers/test_outages.py::test_silent_connection_is_replaced",
        "web/test_client_in_browser.py::test_reload_resumes_and_a_token_that_expires_is_renewed",
        "web/test_page_session_in_browser.py::test_session_with_an_account_goes_on_and_the_copy_of_a_tab_keeps_it",
    ),
    "markup in names, rooms, messages and notifications stays text": (
        "browsers/test_hostile_text.py::test_markup_of_others_stays_text_everywhere",
    ),
    "the page can be used by keyboard alone": (
        "browsers/test_keyboard.py::test_everything_is_reached_by_keyboard",
    ),
    "axe-core finds nothing": (
        "browsers/test_states.py::test_axe_finds_nothing_in_any_state_and_pictures_are_kept",
    ),
    "screenshots of the main states are kept": (
        "browsers/test_states.py::test_axe_finds_nothing_in_any_state_and_pictures_are_kept",
    ),
    "over HTTP/2, ten tabs without sharing have a stream each": (
        "e2e/test_tabs_over_http2.py::test_ten_tabs_without_sharing_have_a_stream_each",
    ),
    "the client's logic has fast tests of its own": ("web/test_modules.py::test_logic_of_module_holds",),
    # It must show
    "client and bell are under 12 KiB gzipped each": ("web/test_package.py::test_client_and_bell_are_small",),
    "contrast is AA": ("web/test_modules.py::test_logic_of_module_holds",),
    "the page is painted without a request to anywhere else": (
        "web/test_page_session_in_browser.py::test_signed_out_page_is_clean_and_connects_to_nothing",
    ),
}


@pytest.mark.parametrize("line", cases(LINES))
def test_each_line_is_held_by_its_tests(line: str) -> None:
    check(line, LINES[line])
