CREATE TABLE certificate (
	id BIGINT NOT NULL AUTO_INCREMENT,
	run_id VARCHAR(64) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	at_ms BIGINT NOT NULL DEFAULT '0',
	doc LONGTEXT NOT NULL,
	PRIMARY KEY (id)
)
-- next
CREATE TABLE sweep (
	connection VARCHAR(64) COLLATE utf8mb4_bin NOT NULL,
	entity VARCHAR(16) COLLATE utf8mb4_bin NOT NULL,
	object VARCHAR(128) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	generation INTEGER NOT NULL DEFAULT '0',
	state VARCHAR(16) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	complete INTEGER NOT NULL DEFAULT '0',
	scope VARCHAR(128) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	watermark TEXT,
	feed_mark TEXT,
	began_mark TEXT,
	high_ms BIGINT,
	listed INTEGER NOT NULL DEFAULT '0',
	started_ms BIGINT NOT NULL DEFAULT '0',
	ended_ms BIGINT NOT NULL DEFAULT '0',
	reason VARCHAR(32) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	findings LONGTEXT NOT NULL,
	PRIMARY KEY (connection, entity)
)
-- next
CREATE TABLE sweep_seen (
	connection VARCHAR(64) COLLATE utf8mb4_bin NOT NULL,
	remote_id VARCHAR(128) COLLATE utf8mb4_bin NOT NULL,
	object VARCHAR(128) COLLATE utf8mb4_bin NOT NULL,
	generation INTEGER NOT NULL DEFAULT '0',
	misses INTEGER NOT NULL DEFAULT '0',
	judged INTEGER NOT NULL DEFAULT '0',
	outcome VARCHAR(16) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	version VARCHAR(128) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	modified_ms BIGINT,
	digest VARCHAR(64) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	differs LONGTEXT NOT NULL,
	in_scope BOOL NOT NULL,
	PRIMARY KEY (connection, remote_id, object)
)
-- next
ALTER TABLE review MODIFY kind VARCHAR(32) COLLATE utf8mb4_bin NOT NULL DEFAULT ''
