BEGIN TRANSACTION;
CREATE TABLE account (
    user_id        text    PRIMARY KEY,
    name           text    NOT NULL UNIQUE,   
    username       text    NOT NULL,          
    avatar         text,
    password_hash  text    NOT NULL,          
    password_at    integer NOT NULL,          
    scope          text    NOT NULL,
    created_at     integer NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "account" VALUES('01a2233a-7f9f-7000-942a-3723a75a2205','dan','dan',NULL,'$argon2id$v=19$m=65536,t=3,p=4$+yb3ueWMpBeQueFr3MzpNQ$RjDLj9Iyx8DuhPTOe134qn6s1mAglzY5q27mUu5hih4',1800003604973,'',1800003604973);
CREATE TABLE ban (
    room_id    text    NOT NULL,
    user_id    text    NOT NULL,
    banned_by  text    NOT NULL,
    banned_at  integer NOT NULL,
    PRIMARY KEY (room_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE blocked (
    user_id     text    NOT NULL,          
    blocked_id  text    NOT NULL,
    blocked_at  integer NOT NULL,
    PRIMARY KEY (user_id, blocked_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE bucket (
    key      text    PRIMARY KEY,
    full_at  integer NOT NULL             
) STRICT, WITHOUT ROWID;
CREATE TABLE bundled (
    user_id      text    NOT NULL,
    id           text    NOT NULL,
    due_at       integer NOT NULL,
    publication  text    NOT NULL,         
    PRIMARY KEY (user_id, id)
) STRICT, WITHOUT ROWID;
CREATE TABLE category (
    name      text    PRIMARY KEY,
    in_app    integer NOT NULL,            
    push      integer NOT NULL,
    may_mute  integer NOT NULL,            
    priority  text,                        
    limits    text    NOT NULL             
) STRICT, WITHOUT ROWID;
INSERT INTO "category" VALUES('promo',0,1,1,NULL,'null');
CREATE TABLE event (
    position    integer PRIMARY KEY,
    audience    text    NOT NULL,
    kind        text    NOT NULL,
    category    text,
    body        text    NOT NULL,          
    created_at  integer NOT NULL
) STRICT;
INSERT INTO "event" VALUES(1,'user:ann','notification','like','{"id":"01a2233a-7960-7000-b4ac-976507cb0610","category":"like","sender":{"id":"app","username":"app","avatar":null},"content":"liked your photo","priority":"normal","created_at":"2027-01-15T08:00:00.049Z"}',1800000000049);
INSERT INTO "event" VALUES(2,'user:ann','notification','like','{"id":"01a2233a-7965-7000-8e3a-e44cc31a39c7","category":"like","sender":{"id":"app","username":"app","avatar":null},"content":"liked your photo","priority":"normal","created_at":"2027-01-15T08:00:00.098Z"}',1800000000098);
INSERT INTO "event" VALUES(3,'user:ann','notification','like','{"id":"01a2233a-7969-7000-bbb6-3a39dbbf254d","category":"like","sender":{"id":"app","username":"app","avatar":null},"content":"liked your photo","priority":"normal","created_at":"2027-01-15T08:00:00.140Z"}',1800000000140);
INSERT INTO "event" VALUES(4,'user:ann','notification','like','{"id":"01a2233a-796d-7000-9b25-ec4f1c4c8ba1","category":"like","sender":{"id":"app","username":"app","avatar":null},"content":"liked your photo","priority":"normal","created_at":"2027-01-15T08:00:00.175Z"}',1800000000175);
INSERT INTO "event" VALUES(5,'all','notification','system','{"id":"01a2233a-7970-7000-b80c-ebe47ae59b25","category":"system","sender":{"id":"app","username":"app","avatar":null},"content":"liked your photo","priority":"normal","created_at":"2027-01-15T08:00:00.203Z"}',1800000000203);
INSERT INTO "event" VALUES(6,'user:ann','notification','like','{"id":"01a2233a-7972-7000-b25a-795fce300bea","category":"like","sender":{"id":"app","username":"app","avatar":null},"title":"Hi","content":"liked your photo","data":{"a":1},"priority":"normal","created_at":"2027-01-15T08:00:00.231Z"}',1800000000231);
INSERT INTO "event" VALUES(7,'user:bob','notification','like','{"id":"01a2233a-7972-7000-b25a-795fce300bea","category":"like","sender":{"id":"app","username":"app","avatar":null},"title":"Hi","content":"liked your photo","data":{"a":1},"priority":"normal","created_at":"2027-01-15T08:00:00.231Z"}',1800000000231);
INSERT INTO "event" VALUES(8,'user:ann','read',NULL,'{"data":{"ids":["01a2233a-7960-7000-b4ac-976507cb0610"]},"categories":{"like":4,"system":1},"rooms":{},"silent":[]}',1800000000252);
INSERT INTO "event" VALUES(9,'user:ann','unread',NULL,'{"data":{"ids":["01a2233a-7960-7000-b4ac-976507cb0610"]},"categories":{"like":5,"system":1},"rooms":{},"silent":[]}',1800000000294);
INSERT INTO "event" VALUES(10,'user:ann','archive',NULL,'{"data":{"ids":["01a2233a-7960-7000-b4ac-976507cb0610"]},"categories":{"like":4,"system":1},"rooms":{},"silent":[]}',1800000000315);
INSERT INTO "event" VALUES(11,'user:ann','unarchive',NULL,'{"data":{"ids":["01a2233a-7960-7000-b4ac-976507cb0610"]},"categories":{"like":5,"system":1},"rooms":{},"silent":[]}',1800000000336);
INSERT INTO "event" VALUES(12,'user:ann','read',NULL,'{"data":{"ids":["01a2233a-7965-7000-8e3a-e44cc31a39c7","01a2233a-7969-7000-bbb6-3a39dbbf254d"]},"categories":{"like":3,"system":1},"rooms":{},"silent":[]}',1800000000357);
INSERT INTO "event" VALUES(13,'user:ann','archive',NULL,'{"data":{"ids":["01a2233a-7969-7000-bbb6-3a39dbbf254d"]},"categories":{"like":3,"system":1},"rooms":{},"silent":[]}',1800000000378);
INSERT INTO "event" VALUES(14,'user:ann','notification','like','{"id":"01a2233a-7988-7000-be11-fe46f0b178c8","category":"like","sender":{"id":"bob","username":"bob","avatar":null},"content":"liked your photo","priority":"normal","group_key":"photo-7","created_at":"2027-01-15T08:00:00.406Z","actors":[{"id":"bob","username":"bob","avatar":null}],"actors_count":1}',1800000000406);
INSERT INTO "event" VALUES(15,'user:ann','update','like','{"type":"like","data":{"id":"01a2233a-7988-7000-be11-fe46f0b178c8","category":"like","sender":{"id":"cyd","username":"cyd","avatar":null},"content":"liked your photo","priority":"normal","group_key":"photo-7","created_at":"2027-01-15T08:00:02.434Z","actors":[{"id":"cyd","username":"cyd","avatar":null},{"id":"bob","username":"bob","avatar":null}],"actors_count":2},"categories":{"like":4,"system":1},"rooms":{},"silent":[]}',1800000002434);
INSERT INTO "event" VALUES(16,'user:ann','joined',NULL,'{"data":{"room_id":"tea","role":"owner","kind":"public","title":"Tea","by":"ann"},"categories":{"like":4,"system":1},"rooms":{"tea":0},"silent":[]}',1800000004455);
INSERT INTO "event" VALUES(17,'user:bob','joined',NULL,'{"data":{"room_id":"tea","role":"member","kind":"public","title":"Tea","by":"ann"},"categories":{"like":1,"system":1},"rooms":{"tea":0},"silent":[]}',1800000004455);
INSERT INTO "event" VALUES(18,'room:tea','member',NULL,'{"data":{"room_id":"tea","change":"joined","members":[{"user_id":"cyd","role":"member"}],"changed":1,"members_count":3,"by":"cyd"}}',1800000004476);
INSERT INTO "event" VALUES(19,'user:cyd','joined',NULL,'{"data":{"room_id":"tea","role":"member","kind":"public","title":"Tea","by":"cyd"},"categories":{"system":1},"rooms":{"tea":0},"silent":[]}',1800000004476);
INSERT INTO "event" VALUES(20,'room:tea','message',NULL,'{"sender_id":"ann","data":{"id":"01a2233a-7994-7000-a20f-300608e6ebea","room_id":"tea","seq":1,"sender":{"id":"ann","username":"ann","avatar":null},"kind":"text","content":"message 0","mentions":["bob"],"created_at":"2027-01-15T08:00:04.497Z"}}',1800000004497);
INSERT INTO "event" VALUES(21,'user:bob','notification','mention','{"id":"01a2233a-7994-7000-a20f-300608e6ebea","category":"mention","sender":{"id":"ann","username":"ann","avatar":null},"content":"message 0","data":{"room_id":"tea","message_id":"01a2233a-7994-7000-a20f-300608e6ebea","seq":1},"priority":"normal","created_at":"2027-01-15T08:00:04.497Z"}',1800000004497);
INSERT INTO "event" VALUES(22,'room:tea','message',NULL,'{"sender_id":"ann","data":{"id":"01a2233a-7997-7000-b6c4-d0e7f34ffc76","room_id":"tea","seq":2,"sender":{"id":"ann","username":"ann","avatar":null},"kind":"text","content":"message 1","created_at":"2027-01-15T08:00:04.518Z"}}',1800000004518);
INSERT INTO "event" VALUES(23,'room:tea','message',NULL,'{"sender_id":"ann","data":{"id":"01a2233a-7999-7000-8b9f-13a4c54c1820","room_id":"tea","seq":3,"sender":{"id":"ann","username":"ann","avatar":null},"kind":"text","content":"message 2","created_at":"2027-01-15T08:00:04.539Z"}}',1800000004539);
INSERT INTO "event" VALUES(24,'room:tea','message',NULL,'{"sender_id":"ann","data":{"id":"01a2233a-799b-7000-930b-502aec18b673","room_id":"tea","seq":4,"sender":{"id":"ann","username":"ann","avatar":null},"kind":"text","content":"message 3","created_at":"2027-01-15T08:00:04.560Z"}}',1800000004560);
INSERT INTO "event" VALUES(25,'room:tea','message_edited',NULL,'{"data":{"id":"01a2233a-7997-7000-b6c4-d0e7f34ffc76","room_id":"tea","seq":2,"sender":{"id":"ann","username":"ann","avatar":null},"kind":"text","content":"edited","created_at":"2027-01-15T08:00:04.518Z","edited_at":"2027-01-15T08:00:04.581Z"}}',1800000004581);
INSERT INTO "event" VALUES(26,'room:tea','message_deleted',NULL,'{"data":{"id":"01a2233a-7999-7000-8b9f-13a4c54c1820","room_id":"tea","seq":3,"sender":{"id":"ann","username":"ann","avatar":null},"kind":"text","created_at":"2027-01-15T08:00:04.539Z","content":"","deleted_at":"2027-01-15T08:00:04.602Z","deleted_by":"ann"}}',1800000004602);
INSERT INTO "event" VALUES(27,'room:tea','room_read',NULL,'{"user_id":"bob","unread":2,"data":{"room_id":"tea","user_id":"bob","from_seq":1,"up_to":2,"ids":["01a2233a-7994-7000-a20f-300608e6ebea","01a2233a-7997-7000-b6c4-d0e7f34ffc76"]}}',1800000004623);
INSERT INTO "event" VALUES(28,'room:tea','message',NULL,'{"sender_id":"ann","but_for":"bob","data":{"id":"01a2233a-79a4-7000-95e5-8d6347884c34","room_id":"tea","seq":5,"sender":{"id":"ann","username":"ann","avatar":null},"kind":"text","content":"not for bob","created_at":"2027-01-15T08:00:04.630Z"}}',1800000004630);
INSERT INTO "event" VALUES(29,'room:tea','room',NULL,'{"data":{"room_id":"tea","title":"Green tea","by":"ann"}}',1800000004651);
INSERT INTO "event" VALUES(30,'room:tea','member',NULL,'{"data":{"room_id":"tea","change":"role","members":[{"user_id":"bob","role":"moderator"}],"changed":1,"members_count":3,"by":"ann"}}',1800000004672);
INSERT INTO "event" VALUES(31,'user:cyd','left',NULL,'{"data":{"room_id":"tea","since":19,"reason":"left","by":"cyd"},"categories":{"system":1},"rooms":{},"silent":[]}',1800000004693);
INSERT INTO "event" VALUES(32,'room:tea','member',NULL,'{"data":{"room_id":"tea","change":"left","members":[{"user_id":"cyd","role":null}],"changed":1,"members_count":2,"by":"cyd"}}',1800000004693);
INSERT INTO "event" VALUES(33,'room:tea','notification','news','{"id":"01a2233a-79ae-7000-a603-b3853f8f0ec9","category":"news","room_id":"tea","sender":{"id":"app","username":"app","avatar":null},"content":"liked your photo","priority":"normal","created_at":"2027-01-15T08:00:04.721Z"}',1800000004721);
INSERT INTO "event" VALUES(34,'user:ann','joined',NULL,'{"data":{"room_id":"01a2233a-79b1-7001-9ac1-72c4901a0d9c","role":"member","kind":"direct","title":null,"by":"ann","peer_id":"bob"},"categories":{"like":4,"news":1,"system":1},"rooms":{"01a2233a-79b1-7001-9ac1-72c4901a0d9c":0,"tea":0},"silent":[]}',1800000004742);
INSERT INTO "event" VALUES(35,'user:bob','joined',NULL,'{"data":{"room_id":"01a2233a-79b1-7001-9ac1-72c4901a0d9c","role":"member","kind":"direct","title":null,"by":"ann","peer_id":"ann"},"categories":{"like":1,"mention":1,"news":1,"system":1},"rooms":{"01a2233a-79b1-7001-9ac1-72c4901a0d9c":0,"tea":0},"silent":[]}',1800000004742);
INSERT INTO "event" VALUES(36,'room:01a2233a-79b1-7001-9ac1-72c4901a0d9c','message',NULL,'{"sender_id":"ann","data":{"id":"01a2233a-79b1-7000-b629-8153e8ca7e8c","room_id":"01a2233a-79b1-7001-9ac1-72c4901a0d9c","seq":1,"sender":{"id":"ann","username":"ann","avatar":null},"kind":"text","content":"psst","created_at":"2027-01-15T08:00:04.742Z"}}',1800000004742);
INSERT INTO "event" VALUES(37,'user:bob','preferences',NULL,'{"data":{"categories":{"news":{"in_app":true,"push":true,"muted":true}},"quiet_hours":null,"digest":{"minutes":5}},"categories":{"like":1,"mention":1,"system":1},"rooms":{"01a2233a-79b1-7001-9ac1-72c4901a0d9c":1,"tea":0},"silent":["news"]}',1800000004763);
INSERT INTO "event" VALUES(38,'all','categories',NULL,'{"data":{"categories":["promo"]}}',1800000004840);
INSERT INTO "event" VALUES(39,'user:ann','notification','like','{"id":"01a2233a-79bd-7000-a91f-db11303ef693","category":"like","sender":{"id":"app","username":"app","avatar":null},"content":"liked your photo","priority":"normal","created_at":"2027-01-15T08:00:04.868Z","expires_at":"2027-01-15T08:10:00.000Z"}',1800000004868);
INSERT INTO "event" VALUES(40,'all','notification','system','{"id":"01a2233a-79bf-7000-9edd-fb46e73b5385","category":"system","sender":{"id":"app","username":"app","avatar":null},"content":"liked your photo","priority":"normal","created_at":"2027-01-15T08:00:04.896Z","expires_at":"2027-01-15T08:10:00.000Z"}',1800000004896);
INSERT INTO "event" VALUES(41,'user:bob','bundle',NULL,'{"type":"bundle","data":{"items":[{"id":"01a2233a-79b7-7000-903d-e7949f35f894","category":"tip","sender":{"id":"app","username":"app","avatar":null},"content":"liked your photo","priority":"low","created_at":"2027-01-15T08:00:04.791Z"}]},"categories":{"like":1,"mention":1,"system":2,"tip":1},"rooms":{"01a2233a-79b1-7001-9ac1-72c4901a0d9c":1,"tea":0},"silent":["news","promo"]}',1800003604910);
INSERT INTO "event" VALUES(42,'all','expire',NULL,'{"data":{"ids":["01a2233a-79bf-7000-9edd-fb46e73b5385"]},"gone":[["01a2233a-79bf-7000-9edd-fb46e73b5385","system",40]]}',1800003604910);
INSERT INTO "event" VALUES(43,'user:ann','expire',NULL,'{"data":{"ids":["01a2233a-79bd-7000-a91f-db11303ef693"]},"categories":{"like":4,"news":1,"system":1},"rooms":{"01a2233a-79b1-7001-9ac1-72c4901a0d9c":0,"tea":0},"silent":["promo"]}',1800003604910);
INSERT INTO "event" VALUES(44,'user:01a2233a-7f9f-7000-942a-3723a75a2205','revoked',NULL,'{"data":{}}',1800003604994);
CREATE TABLE idempotency (
    owner       text    NOT NULL,
    key         text    NOT NULL,
    digest      text    NOT NULL,          
    answer      text    NOT NULL,          
    created_at  integer NOT NULL,
    PRIMARY KEY (owner, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE keyring (
    name   text PRIMARY KEY,
    value  text NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "keyring" VALUES('tickets','w8sB1RlN5LMIz8OwX2oj8gt9eUWPNgu3wAKpdlbweeI=');
CREATE TABLE log_head (
    only_row  integer PRIMARY KEY CHECK (only_row = 1),
    epoch     text    NOT NULL,            
    position  integer NOT NULL,            
    floor     integer NOT NULL             
, definitions integer NOT NULL DEFAULT 0) STRICT;
INSERT INTO "log_head" VALUES(1,'mrgbu14b',44,0,1);
CREATE TABLE member (
    room_id          text    NOT NULL,
    user_id          text    NOT NULL,
    role             text    NOT NULL,     
    last_read_seq    integer NOT NULL,
    joined_position  integer NOT NULL,     
    PRIMARY KEY (room_id, user_id)
) STRICT, WITHOUT ROWID;
INSERT INTO "member" VALUES('01a2233a-79b1-7001-9ac1-72c4901a0d9c','ann','member',1,34);
INSERT INTO "member" VALUES('01a2233a-79b1-7001-9ac1-72c4901a0d9c','bob','member',0,35);
INSERT INTO "member" VALUES('tea','ann','owner',5,16);
INSERT INTO "member" VALUES('tea','bob','moderator',5,17);
CREATE TABLE merged (
    audience         text    NOT NULL,
    category         text    NOT NULL,
    group_key        text    NOT NULL,
    notification_id  text    NOT NULL,
    actors           text    NOT NULL,     
    actors_number    integer NOT NULL,
    shown_at         integer NOT NULL,     
    is_pending       integer NOT NULL,     
    PRIMARY KEY (audience, category, group_key)
) STRICT, WITHOUT ROWID;
INSERT INTO "merged" VALUES('user:ann','like','photo-7','01a2233a-7988-7000-be11-fe46f0b178c8','[{"id":"cyd","username":"cyd","avatar":null},{"id":"bob","username":"bob","avatar":null}]',2,1800000002434,0);
CREATE TABLE merged_actor (
    audience         text NOT NULL,
    notification_id  text NOT NULL,
    actor_id         text NOT NULL,
    PRIMARY KEY (audience, notification_id, actor_id)
) STRICT, WITHOUT ROWID;
INSERT INTO "merged_actor" VALUES('user:ann','01a2233a-7988-7000-be11-fe46f0b178c8','bob');
INSERT INTO "merged_actor" VALUES('user:ann','01a2233a-7988-7000-be11-fe46f0b178c8','cyd');
CREATE TABLE message (
    room_id     text    NOT NULL,
    seq         integer NOT NULL,          
    id          text    NOT NULL UNIQUE,
    sender_id   text    NOT NULL,
    client_id   text,                      
    position    integer NOT NULL,          
    body        text    NOT NULL,          
    created_at  integer NOT NULL,
    edited_at   integer,
    deleted_at  integer,
    PRIMARY KEY (room_id, seq)
) STRICT, WITHOUT ROWID;
INSERT INTO "message" VALUES('01a2233a-79b1-7001-9ac1-72c4901a0d9c',1,'01a2233a-79b1-7000-b629-8153e8ca7e8c','ann',NULL,36,'{"id":"01a2233a-79b1-7000-b629-8153e8ca7e8c","room_id":"01a2233a-79b1-7001-9ac1-72c4901a0d9c","seq":1,"sender":{"id":"ann","username":"ann","avatar":null},"kind":"text","content":"psst","created_at":"2027-01-15T08:00:04.742Z"}',1800000004742,NULL,NULL);
INSERT INTO "message" VALUES('tea',1,'01a2233a-7994-7000-a20f-300608e6ebea','ann',NULL,20,'{"id":"01a2233a-7994-7000-a20f-300608e6ebea","room_id":"tea","seq":1,"sender":{"id":"ann","username":"ann","avatar":null},"kind":"text","content":"message 0","mentions":["bob"],"created_at":"2027-01-15T08:00:04.497Z"}',1800000004497,NULL,NULL);
INSERT INTO "message" VALUES('tea',2,'01a2233a-7997-7000-b6c4-d0e7f34ffc76','ann',NULL,22,'{"id":"01a2233a-7997-7000-b6c4-d0e7f34ffc76","room_id":"tea","seq":2,"sender":{"id":"ann","username":"ann","avatar":null},"kind":"text","content":"edited","created_at":"2027-01-15T08:00:04.518Z","edited_at":"2027-01-15T08:00:04.581Z"}',1800000004518,1800000004581,NULL);
INSERT INTO "message" VALUES('tea',3,'01a2233a-7999-7000-8b9f-13a4c54c1820','ann',NULL,23,'{"id":"01a2233a-7999-7000-8b9f-13a4c54c1820","room_id":"tea","seq":3,"sender":{"id":"ann","username":"ann","avatar":null},"kind":"text","created_at":"2027-01-15T08:00:04.539Z","content":"","deleted_at":"2027-01-15T08:00:04.602Z","deleted_by":"ann"}',1800000004539,NULL,1800000004602);
INSERT INTO "message" VALUES('tea',4,'01a2233a-799b-7000-930b-502aec18b673','ann',NULL,24,'{"id":"01a2233a-799b-7000-930b-502aec18b673","room_id":"tea","seq":4,"sender":{"id":"ann","username":"ann","avatar":null},"kind":"text","content":"message 3","created_at":"2027-01-15T08:00:04.560Z"}',1800000004560,NULL,NULL);
INSERT INTO "message" VALUES('tea',5,'01a2233a-79a4-7000-95e5-8d6347884c34','ann',NULL,28,'{"id":"01a2233a-79a4-7000-95e5-8d6347884c34","room_id":"tea","seq":5,"sender":{"id":"ann","username":"ann","avatar":null},"kind":"text","content":"not for bob","created_at":"2027-01-15T08:00:04.630Z"}',1800000004630,NULL,NULL);
CREATE TABLE migration (
    version  integer PRIMARY KEY,
    name     text NOT NULL
);
INSERT INTO "migration" VALUES(1,'log_and_notifications');
INSERT INTO "migration" VALUES(2,'retention');
INSERT INTO "migration" VALUES(3,'schedule');
INSERT INTO "migration" VALUES(4,'preferences');
INSERT INTO "migration" VALUES(5,'rooms');
INSERT INTO "migration" VALUES(6,'accounts');
CREATE TABLE notification (
    id          text    NOT NULL,
    audience    text    NOT NULL,
    position    integer NOT NULL,          
    category    text    NOT NULL,
    body        text    NOT NULL, created_at integer NOT NULL DEFAULT 0, expires_at integer,          
    PRIMARY KEY (id, audience)
) STRICT, WITHOUT ROWID;
INSERT INTO "notification" VALUES('01a2233a-7960-7000-b4ac-976507cb0610','user:ann',1,'like','{"id":"01a2233a-7960-7000-b4ac-976507cb0610","category":"like","sender":{"id":"app","username":"app","avatar":null},"content":"liked your photo","priority":"normal","created_at":"2027-01-15T08:00:00.049Z"}',1800000000049,NULL);
INSERT INTO "notification" VALUES('01a2233a-7965-7000-8e3a-e44cc31a39c7','user:ann',2,'like','{"id":"01a2233a-7965-7000-8e3a-e44cc31a39c7","category":"like","sender":{"id":"app","username":"app","avatar":null},"content":"liked your photo","priority":"normal","created_at":"2027-01-15T08:00:00.098Z"}',1800000000098,NULL);
INSERT INTO "notification" VALUES('01a2233a-7969-7000-bbb6-3a39dbbf254d','user:ann',3,'like','{"id":"01a2233a-7969-7000-bbb6-3a39dbbf254d","category":"like","sender":{"id":"app","username":"app","avatar":null},"content":"liked your photo","priority":"normal","created_at":"2027-01-15T08:00:00.140Z"}',1800000000140,NULL);
INSERT INTO "notification" VALUES('01a2233a-796d-7000-9b25-ec4f1c4c8ba1','user:ann',4,'like','{"id":"01a2233a-796d-7000-9b25-ec4f1c4c8ba1","category":"like","sender":{"id":"app","username":"app","avatar":null},"content":"liked your photo","priority":"normal","created_at":"2027-01-15T08:00:00.175Z"}',1800000000175,NULL);
INSERT INTO "notification" VALUES('01a2233a-7970-7000-b80c-ebe47ae59b25','all',5,'system','{"id":"01a2233a-7970-7000-b80c-ebe47ae59b25","category":"system","sender":{"id":"app","username":"app","avatar":null},"content":"liked your photo","priority":"normal","created_at":"2027-01-15T08:00:00.203Z"}',1800000000203,NULL);
INSERT INTO "notification" VALUES('01a2233a-7972-7000-b25a-795fce300bea','user:ann',6,'like','{"id":"01a2233a-7972-7000-b25a-795fce300bea","category":"like","sender":{"id":"app","username":"app","avatar":null},"title":"Hi","content":"liked your photo","data":{"a":1},"priority":"normal","created_at":"2027-01-15T08:00:00.231Z"}',1800000000231,NULL);
INSERT INTO "notification" VALUES('01a2233a-7972-7000-b25a-795fce300bea','user:bob',7,'like','{"id":"01a2233a-7972-7000-b25a-795fce300bea","category":"like","sender":{"id":"app","username":"app","avatar":null},"title":"Hi","content":"liked your photo","data":{"a":1},"priority":"normal","created_at":"2027-01-15T08:00:00.231Z"}',1800000000231,NULL);
INSERT INTO "notification" VALUES('01a2233a-7988-7000-be11-fe46f0b178c8','user:ann',15,'like','{"id":"01a2233a-7988-7000-be11-fe46f0b178c8","category":"like","sender":{"id":"cyd","username":"cyd","avatar":null},"content":"liked your photo","priority":"normal","group_key":"photo-7","created_at":"2027-01-15T08:00:02.434Z","actors":[{"id":"cyd","username":"cyd","avatar":null},{"id":"bob","username":"bob","avatar":null}],"actors_count":2}',1800000002434,NULL);
INSERT INTO "notification" VALUES('01a2233a-7994-7000-a20f-300608e6ebea','user:bob',21,'mention','{"id":"01a2233a-7994-7000-a20f-300608e6ebea","category":"mention","sender":{"id":"ann","username":"ann","avatar":null},"content":"message 0","data":{"room_id":"tea","message_id":"01a2233a-7994-7000-a20f-300608e6ebea","seq":1},"priority":"normal","created_at":"2027-01-15T08:00:04.497Z"}',1800000004497,NULL);
INSERT INTO "notification" VALUES('01a2233a-79ae-7000-a603-b3853f8f0ec9','room:tea',33,'news','{"id":"01a2233a-79ae-7000-a603-b3853f8f0ec9","category":"news","room_id":"tea","sender":{"id":"app","username":"app","avatar":null},"content":"liked your photo","priority":"normal","created_at":"2027-01-15T08:00:04.721Z"}',1800000004721,NULL);
INSERT INTO "notification" VALUES('01a2233a-79b7-7000-903d-e7949f35f894','user:bob',41,'tip','{"id":"01a2233a-79b7-7000-903d-e7949f35f894","category":"tip","sender":{"id":"app","username":"app","avatar":null},"content":"liked your photo","priority":"low","created_at":"2027-01-15T08:00:04.791Z"}',1800000004791,NULL);
CREATE TABLE preference (
    user_id   text    NOT NULL,
    category  text    NOT NULL,
    in_app    integer,                     
    push      integer,
    muted     integer NOT NULL,
    PRIMARY KEY (user_id, category)
) STRICT, WITHOUT ROWID;
INSERT INTO "preference" VALUES('bob','news',NULL,NULL,1);
CREATE TABLE receipt (
    user_id          text NOT NULL,
    notification_id  text NOT NULL,
    seen_at          integer,
    read_at          integer,
    archived_at      integer,
    PRIMARY KEY (user_id, notification_id)
) STRICT, WITHOUT ROWID;
INSERT INTO "receipt" VALUES('ann','01a2233a-7960-7000-b4ac-976507cb0610',1800000000252,NULL,NULL);
INSERT INTO "receipt" VALUES('ann','01a2233a-7965-7000-8e3a-e44cc31a39c7',1800000000357,1800000000357,NULL);
INSERT INTO "receipt" VALUES('ann','01a2233a-7969-7000-bbb6-3a39dbbf254d',1800000000357,1800000000357,1800000000378);
CREATE TABLE removed (
    audience    text    NOT NULL,
    id          text    NOT NULL,
    category    text    NOT NULL,
    removed_at  integer NOT NULL, position integer NOT NULL DEFAULT 0, removed_position integer NOT NULL DEFAULT 0,
    PRIMARY KEY (audience, id)
) STRICT, WITHOUT ROWID;
INSERT INTO "removed" VALUES('all','01a2233a-79bf-7000-9edd-fb46e73b5385','system',1800003604910,40,42);
INSERT INTO "removed" VALUES('user:ann','01a2233a-79bd-7000-a91f-db11303ef693','like',1800003604910,39,43);
CREATE TABLE room (
    id             text    PRIMARY KEY,
    kind           text    NOT NULL,       
    title          text,
    pair           text    UNIQUE,         
    last_seq       integer NOT NULL,       
    members_count  integer NOT NULL,
    created_at     integer NOT NULL,
    created_by     text    NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "room" VALUES('01a2233a-79b1-7001-9ac1-72c4901a0d9c','direct',NULL,'["ann","bob"]',1,2,1800000004742,'ann');
INSERT INTO "room" VALUES('tea','public','Green tea',NULL,5,2,1800000004455,'ann');
CREATE TABLE scheduled (
    id           text    PRIMARY KEY,
    owner        text    NOT NULL,         
    deliver_at   integer NOT NULL,
    width        integer NOT NULL,         
    publication  text    NOT NULL          
) STRICT, WITHOUT ROWID;
INSERT INTO "scheduled" VALUES('01a2233a-79b9-7000-8d4b-8c7faac051b9','app',1811808000000,1,'{"audiences":["user:bob"],"recipients":1,"category":"like","fields":{"sender":{"id":"app","username":"app","avatar":null},"content":"liked your photo","priority":"normal"},"expires_at":null,"group_key":null}');
CREATE TABLE session (
    family      text    PRIMARY KEY,          
    user_id     text    NOT NULL,
    digest      text    NOT NULL,             
    begun_at    integer NOT NULL,
    expires_at  integer NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE settled (
    user_id   text    NOT NULL,
    audience  text    NOT NULL,
    category  text    NOT NULL,
    count     integer NOT NULL,            
    PRIMARY KEY (user_id, audience, category)
) STRICT, WITHOUT ROWID;
INSERT INTO "settled" VALUES('ann','user:ann','like',2);
CREATE TABLE tally (
    audience  text    NOT NULL,
    category  text    NOT NULL,
    live      integer NOT NULL,
    PRIMARY KEY (audience, category)
) STRICT, WITHOUT ROWID;
INSERT INTO "tally" VALUES('all','system',1);
INSERT INTO "tally" VALUES('room:tea','news',1);
INSERT INTO "tally" VALUES('user:ann','like',6);
INSERT INTO "tally" VALUES('user:bob','like',1);
INSERT INTO "tally" VALUES('user:bob','mention',1);
INSERT INTO "tally" VALUES('user:bob','tip',1);
CREATE TABLE user_setting (
    user_id         text    PRIMARY KEY,
    quiet_from      text,                  
    quiet_to        text,
    time_zone       text,                  
    digest_minutes  integer NOT NULL       
) STRICT, WITHOUT ROWID;
INSERT INTO "user_setting" VALUES('bob',NULL,NULL,NULL,5);
CREATE INDEX event_by_audience ON event (audience, position);
CREATE INDEX notification_by_audience ON notification (audience, position);
CREATE INDEX removed_by_age ON removed (removed_at);
CREATE INDEX receipt_by_notification ON receipt (notification_id);
CREATE INDEX receipt_by_archiving ON receipt (archived_at) WHERE archived_at IS NOT NULL;
CREATE INDEX idempotency_by_age ON idempotency (created_at);
CREATE INDEX scheduled_by_time ON scheduled (deliver_at, id);
CREATE INDEX scheduled_by_owner ON scheduled (owner, deliver_at, id);
CREATE INDEX bucket_by_time ON bucket (full_at);
CREATE INDEX bundled_by_time ON bundled (due_at, user_id);
CREATE INDEX merged_by_notification ON merged (notification_id);
CREATE INDEX merged_pending ON merged (shown_at) WHERE is_pending = 1;
CREATE INDEX notification_by_expiry ON notification (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX notification_by_age ON notification (created_at);
CREATE INDEX room_public ON room (created_at, id) WHERE kind = 'public';
CREATE INDEX room_gone ON room (id) WHERE kind = 'gone';
CREATE INDEX member_by_user ON member (user_id, room_id);
CREATE INDEX member_owner ON member (room_id) WHERE role = 'owner';
CREATE INDEX member_by_joining ON member (room_id, joined_position);
CREATE UNIQUE INDEX message_by_client_id ON message (room_id, sender_id, client_id) WHERE client_id IS NOT NULL;
CREATE INDEX session_by_user ON session (user_id);
CREATE INDEX session_by_expiry ON session (expires_at);
COMMIT;
