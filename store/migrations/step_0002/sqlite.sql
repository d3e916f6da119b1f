CREATE TABLE certificate (
	id INTEGER NOT NULL,
	run_id VARCHAR(64) DEFAULT '' NOT NULL,
	at_ms BIGINT DEFAULT '0' NOT NULL,
	doc TEXT NOT NULL,
	PRIMARY KEY (id)
)
-- next
CREATE TABLE sweep (
	connection VARCHAR(64) NOT NULL,
	entity VARCHAR(16) NOT NULL,
	object VARCHAR(128) DEFAULT '' NOT NULL,
	generation INTEGER DEFAULT '0' NOT NULL,
	state VARCHAR(16) DEFAULT '' NOT NULL,
	complete INTEGER DEFAULT '0' NOT NULL,
	scope VARCHAR(128) DEFAULT '' NOT NULL,
	watermark TEXT,
	feed_mark TEXT,
	began_mark TEXT,
	high_ms BIGINT,
	listed INTEGER DEFAULT '0' NOT NULL,
	started_ms BIGINT DEFAULT '0' NOT NULL,
	ended_ms BIGINT DEFAULT '0' NOT NULL,
	reason VARCHAR(32) DEFAULT '' NOT NULL,
	findings TEXT NOT NULL,
	PRIMARY KEY (connection, entity)
)
-- next
CREATE TABLE sweep_seen (
	connection VARCHAR(64) NOT NULL,
	remote_id VARCHAR(128) NOT NULL,
	object VARCHAR(128) NOT NULL,
	generation INTEGER DEFAULT '0' NOT NULL,
	misses INTEGER DEFAULT '0' NOT NULL,
	judged INTEGER DEFAULT '0' NOT NULL,
	outcome VARCHAR(16) DEFAULT '' NOT NULL,
	version VARCHAR(128) DEFAULT '' NOT NULL,
	modified_ms BIGINT,
	digest VARCHAR(64) DEFAULT '' NOT NULL,
	differs TEXT NOT NULL,
	in_scope BOOLEAN NOT NULL,
	PRIMARY KEY (connection, remote_id, object)
)
-- next
ALTER TABLE review RENAME TO review_before
-- next
CREATE TABLE review (
	id INTEGER NOT NULL,
	kind VARCHAR(32) DEFAULT '' NOT NULL,
	entity VARCHAR(16) DEFAULT '' NOT NULL,
	uid VARCHAR(64) DEFAULT '' NOT NULL,
	connection VARCHAR(64) DEFAULT '' NOT NULL,
	object VARCHAR(128) DEFAULT '' NOT NULL,
	remote_id VARCHAR(128) DEFAULT '' NOT NULL,
	field VARCHAR(128) DEFAULT '' NOT NULL,
	data TEXT NOT NULL,
	state VARCHAR(16) DEFAULT 'open' NOT NULL,
	resolution TEXT,
	opened_ms BIGINT DEFAULT '0' NOT NULL,
	closed_ms BIGINT,
	run_id VARCHAR(64) DEFAULT '' NOT NULL,
	PRIMARY KEY (id)
)
-- next
INSERT INTO review SELECT * FROM review_before
-- next
DROP TABLE review_before
-- next
CREATE INDEX ix_review_state ON review (state, kind)
-- next
CREATE INDEX ix_review_uid ON review (uid)
-- next
CREATE UNIQUE INDEX ux_review_open ON review (entity, uid, connection, object, remote_id, field, kind) WHERE state = 'open'
