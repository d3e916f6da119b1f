CREATE TABLE act (
	id INTEGER NOT NULL,
	entity VARCHAR(16) DEFAULT '' NOT NULL,
	uid VARCHAR(64) DEFAULT '' NOT NULL,
	kind VARCHAR(32) DEFAULT '' NOT NULL,
	at_ms BIGINT DEFAULT '0' NOT NULL,
	who TEXT NOT NULL,
	doc TEXT NOT NULL,
	chain VARCHAR(64) DEFAULT '' NOT NULL,
	PRIMARY KEY (id)
)
-- next
CREATE INDEX ix_act_kind ON act (kind)
-- next
CREATE INDEX ix_act_uid ON act (uid)
-- next
ALTER TABLE ball_event RENAME TO ball_event_before
-- next
CREATE TABLE ball_event (
	id INTEGER NOT NULL,
	entity VARCHAR(16) DEFAULT '' NOT NULL,
	uid VARCHAR(64) DEFAULT '' NOT NULL,
	at_ms BIGINT DEFAULT '0' NOT NULL,
	side VARCHAR(16) DEFAULT '' NOT NULL,
	cause VARCHAR(32) DEFAULT '' NOT NULL,
	data TEXT NOT NULL,
	run_id VARCHAR(64) DEFAULT '' NOT NULL,
	chain VARCHAR(64) DEFAULT '' NOT NULL,
	PRIMARY KEY (id)
)
-- next
INSERT INTO ball_event SELECT id, entity, uid, at_ms, side, cause, data, run_id, '' FROM ball_event_before
-- next
DROP TABLE ball_event_before
-- next
CREATE INDEX ix_ball_event_uid ON ball_event (uid)
