CREATE TABLE account (
	uid VARCHAR(64) COLLATE utf8mb4_bin NOT NULL DEFAULT (uuid()),
	rev INTEGER NOT NULL DEFAULT '0',
	state VARCHAR(16) COLLATE utf8mb4_bin NOT NULL DEFAULT 'live',
	`key` VARCHAR(64) COLLATE utf8mb4_bin,
	name TEXT,
	phone TEXT,
	website TEXT,
	description TEXT,
	country TEXT,
	owner TEXT,
	zone TEXT,
	calendar TEXT,
	locale TEXT,
	extra TEXT,
	meta TEXT,
	created_ms BIGINT NOT NULL DEFAULT '0',
	updated_ms BIGINT NOT NULL DEFAULT '0',
	PRIMARY KEY (uid),
	CONSTRAINT ck_account_state CHECK (state = 'live' OR state = 'archived' OR state = 'deleted' OR state = 'merged')
)
-- next
CREATE TABLE ball_event (
	id BIGINT NOT NULL AUTO_INCREMENT,
	entity VARCHAR(16) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	uid VARCHAR(64) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	at_ms BIGINT NOT NULL DEFAULT '0',
	side VARCHAR(16) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	cause VARCHAR(32) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	data LONGTEXT NOT NULL,
	run_id VARCHAR(64) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	PRIMARY KEY (id)
)
-- next
CREATE INDEX ix_ball_event_uid ON ball_event (uid)
-- next
CREATE TABLE baseline (
	id BIGINT NOT NULL AUTO_INCREMENT,
	entity VARCHAR(16) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	uid VARCHAR(64) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	kind VARCHAR(32) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	doc LONGTEXT NOT NULL,
	who TEXT NOT NULL,
	at_ms BIGINT NOT NULL DEFAULT '0',
	PRIMARY KEY (id)
)
-- next
CREATE INDEX ix_baseline_uid ON baseline (uid)
-- next
CREATE TABLE budget (
	connection VARCHAR(64) COLLATE utf8mb4_bin NOT NULL,
	name VARCHAR(190) COLLATE utf8mb4_bin NOT NULL,
	calls LONGTEXT NOT NULL,
	until_ms BIGINT NOT NULL DEFAULT '0',
	PRIMARY KEY (connection, name)
)
-- next
CREATE TABLE calendar_day (
	calendar VARCHAR(32) COLLATE utf8mb4_bin NOT NULL,
	day DATE NOT NULL,
	kind VARCHAR(16) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	name TEXT NOT NULL,
	source VARCHAR(128) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	PRIMARY KEY (calendar, day)
)
-- next
CREATE TABLE claim (
	entity VARCHAR(16) COLLATE utf8mb4_bin NOT NULL,
	uid VARCHAR(64) COLLATE utf8mb4_bin NOT NULL,
	field VARCHAR(128) COLLATE utf8mb4_bin NOT NULL,
	connection VARCHAR(64) COLLATE utf8mb4_bin NOT NULL,
	value LONGTEXT NOT NULL,
	remote_ms BIGINT,
	seen_ms BIGINT NOT NULL DEFAULT '0',
	PRIMARY KEY (entity, uid, field, connection)
)
-- next
CREATE TABLE comment (
	uid VARCHAR(64) COLLATE utf8mb4_bin NOT NULL DEFAULT (uuid()),
	rev INTEGER NOT NULL DEFAULT '0',
	state VARCHAR(16) COLLATE utf8mb4_bin NOT NULL DEFAULT 'live',
	title TEXT,
	body TEXT,
	parent VARCHAR(80) COLLATE utf8mb4_bin,
	author TEXT,
	occurred_at BIGINT,
	internal BOOL,
	extra TEXT,
	meta TEXT,
	created_ms BIGINT NOT NULL DEFAULT '0',
	updated_ms BIGINT NOT NULL DEFAULT '0',
	PRIMARY KEY (uid),
	CONSTRAINT ck_comment_state CHECK (state = 'live' OR state = 'archived' OR state = 'deleted' OR state = 'merged'),
	CONSTRAINT ck_comment_internal CHECK (internal IN (0, 1))
)
-- next
CREATE INDEX ix_comment_parent ON comment (parent)
-- next
CREATE TABLE connection (
	name VARCHAR(64) COLLATE utf8mb4_bin NOT NULL,
	kind VARCHAR(32) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	org_id VARCHAR(128) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	org_name TEXT NOT NULL,
	environment VARCHAR(32) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	zone VARCHAR(64) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	user_id VARCHAR(128) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	approved_ms BIGINT,
	stopped TEXT,
	map_hash VARCHAR(128) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	retry_at_ms BIGINT NOT NULL DEFAULT '0',
	PRIMARY KEY (name)
)
-- next
CREATE TABLE contact (
	uid VARCHAR(64) COLLATE utf8mb4_bin NOT NULL DEFAULT (uuid()),
	rev INTEGER NOT NULL DEFAULT '0',
	state VARCHAR(16) COLLATE utf8mb4_bin NOT NULL DEFAULT 'live',
	`key` VARCHAR(64) COLLATE utf8mb4_bin,
	name TEXT,
	title TEXT,
	email TEXT,
	mobile TEXT,
	phone TEXT,
	description TEXT,
	account VARCHAR(64) COLLATE utf8mb4_bin,
	opt_out BOOL,
	roles TEXT,
	owner TEXT,
	side TEXT,
	zone TEXT,
	calendar TEXT,
	locale TEXT,
	extra TEXT,
	meta TEXT,
	created_ms BIGINT NOT NULL DEFAULT '0',
	updated_ms BIGINT NOT NULL DEFAULT '0',
	PRIMARY KEY (uid),
	CONSTRAINT ck_contact_state CHECK (state = 'live' OR state = 'archived' OR state = 'deleted' OR state = 'merged'),
	CONSTRAINT ck_contact_opt_out CHECK (opt_out IN (0, 1))
)
-- next
CREATE INDEX ix_contact_account ON contact (account)
-- next
CREATE TABLE dirty (
	seq BIGINT NOT NULL AUTO_INCREMENT,
	entity VARCHAR(16) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	uid VARCHAR(64) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	reason VARCHAR(32) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	at_ms BIGINT NOT NULL DEFAULT '0',
	PRIMARY KEY (seq)
)
-- next
CREATE INDEX ix_dirty_uid ON dirty (entity, uid, seq)
-- next
CREATE TABLE feedback (
	uid VARCHAR(64) COLLATE utf8mb4_bin NOT NULL DEFAULT (uuid()),
	rev INTEGER NOT NULL DEFAULT '0',
	state VARCHAR(16) COLLATE utf8mb4_bin NOT NULL DEFAULT 'live',
	`key` VARCHAR(64) COLLATE utf8mb4_bin,
	subject TEXT,
	body TEXT,
	status TEXT,
	severity TEXT,
	kind TEXT,
	score VARCHAR(64),
	scale TEXT,
	wave TEXT,
	submitted_at BIGINT,
	contact VARCHAR(64) COLLATE utf8mb4_bin,
	account VARCHAR(64) COLLATE utf8mb4_bin,
	project VARCHAR(64) COLLATE utf8mb4_bin,
	owner TEXT,
	extra TEXT,
	meta TEXT,
	created_ms BIGINT NOT NULL DEFAULT '0',
	updated_ms BIGINT NOT NULL DEFAULT '0',
	PRIMARY KEY (uid),
	CONSTRAINT ck_feedback_state CHECK (state = 'live' OR state = 'archived' OR state = 'deleted' OR state = 'merged')
)
-- next
CREATE INDEX ix_feedback_account ON feedback (account)
-- next
CREATE INDEX ix_feedback_contact ON feedback (contact)
-- next
CREATE INDEX ix_feedback_project ON feedback (project)
-- next
CREATE TABLE flag (
	id BIGINT NOT NULL AUTO_INCREMENT,
	entity VARCHAR(16) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	uid VARCHAR(64) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	rule VARCHAR(32) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	since DATE,
	severity VARCHAR(8) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	data LONGTEXT NOT NULL,
	raised_ms BIGINT NOT NULL DEFAULT '0',
	cleared_ms BIGINT,
	PRIMARY KEY (id)
)
-- next
CREATE INDEX ix_flag_uid ON flag (uid)
-- next
CREATE TABLE identity (
	entity VARCHAR(16) COLLATE utf8mb4_bin NOT NULL,
	`key` VARCHAR(255) COLLATE utf8mb4_bin NOT NULL,
	side VARCHAR(64) COLLATE utf8mb4_bin NOT NULL,
	ref VARCHAR(128) COLLATE utf8mb4_bin NOT NULL,
	PRIMARY KEY (entity, `key`, side, ref)
)
-- next
CREATE INDEX ix_identity_ref ON identity (entity, side, ref)
-- next
CREATE TABLE inbox (
	id BIGINT NOT NULL AUTO_INCREMENT,
	connection VARCHAR(64) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	entity VARCHAR(16) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	object VARCHAR(128) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	remote_id VARCHAR(128) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	version VARCHAR(128) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	modified_ms BIGINT,
	modified_by VARCHAR(128) COLLATE utf8mb4_bin,
	created_ms BIGINT,
	created_by VARCHAR(128) COLLATE utf8mb4_bin,
	doc LONGTEXT,
	gone BOOL NOT NULL,
	in_scope BOOL NOT NULL,
	state VARCHAR(16) COLLATE utf8mb4_bin NOT NULL DEFAULT 'new',
	reason TEXT NOT NULL,
	seen_ms BIGINT NOT NULL DEFAULT '0',
	PRIMARY KEY (id)
)
-- next
CREATE UNIQUE INDEX ux_inbox_remote ON inbox (connection, remote_id, object)
-- next
CREATE TABLE journal (
	seq BIGINT NOT NULL,
	run_id VARCHAR(64) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	at_ms BIGINT NOT NULL DEFAULT '0',
	kind VARCHAR(32) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	entity VARCHAR(16) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	uid VARCHAR(64) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	connection VARCHAR(64) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	remote_id VARCHAR(128) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	op_id VARCHAR(64) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	who TEXT NOT NULL,
	changes LONGTEXT NOT NULL,
	cause TEXT NOT NULL,
	salt BLOB(32),
	digest BLOB(32) NOT NULL,
	chain BLOB(32) NOT NULL,
	PRIMARY KEY (seq)
)
-- next
CREATE INDEX ix_journal_run ON journal (run_id)
-- next
CREATE INDEX ix_journal_uid ON journal (uid)
-- next
CREATE TABLE journal_head (
	id INTEGER NOT NULL,
	seq BIGINT NOT NULL,
	chain BLOB(32) NOT NULL,
	PRIMARY KEY (id)
)
-- next
CREATE TABLE lease (
	name VARCHAR(32) COLLATE utf8mb4_bin NOT NULL,
	fence BIGINT NOT NULL,
	owner TEXT NOT NULL,
	since_ms BIGINT NOT NULL DEFAULT '0',
	PRIMARY KEY (name)
)
-- next
CREATE TABLE link (
	id BIGINT NOT NULL AUTO_INCREMENT,
	entity VARCHAR(16) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	uid VARCHAR(64) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	connection VARCHAR(64) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	object VARCHAR(128) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	remote_id VARCHAR(128) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	state VARCHAR(16) COLLATE utf8mb4_bin NOT NULL DEFAULT 'live',
	version VARCHAR(128) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	expect_version VARCHAR(128) COLLATE utf8mb4_bin,
	modified_ms BIGINT,
	shadow_hub LONGTEXT NOT NULL,
	shadow_remote LONGTEXT NOT NULL,
	notes LONGTEXT NOT NULL,
	created_ms BIGINT NOT NULL DEFAULT '0',
	PRIMARY KEY (id)
)
-- next
CREATE INDEX ix_link_count ON link (connection, object, state)
-- next
CREATE INDEX ix_link_uid ON link (uid)
-- next
CREATE UNIQUE INDEX ux_link_remote ON link (connection, remote_id, object)
-- next
CREATE TABLE link_alias (
	id BIGINT NOT NULL AUTO_INCREMENT,
	link_id BIGINT NOT NULL,
	old_remote_id VARCHAR(128) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	reason VARCHAR(32) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	PRIMARY KEY (id)
)
-- next
CREATE INDEX ix_link_alias_link ON link_alias (link_id)
-- next
CREATE INDEX ix_link_alias_old ON link_alias (old_remote_id)
-- next
CREATE TABLE notice (
	id VARCHAR(64) COLLATE utf8mb4_bin NOT NULL,
	entity VARCHAR(16) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	uid VARCHAR(64) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	rule VARCHAR(32) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	level INTEGER NOT NULL DEFAULT '0',
	channel VARCHAR(32) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	recipient TEXT NOT NULL,
	state VARCHAR(16) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	data LONGTEXT NOT NULL,
	at_ms BIGINT NOT NULL DEFAULT '0',
	PRIMARY KEY (id)
)
-- next
CREATE INDEX ix_notice_uid ON notice (uid)
-- next
CREATE TABLE op (
	id VARCHAR(64) COLLATE utf8mb4_bin NOT NULL,
	run_id VARCHAR(64) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	digest VARCHAR(128) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	entity VARCHAR(16) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	uid VARCHAR(64) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	connection VARCHAR(64) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	object VARCHAR(128) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	action VARCHAR(16) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	remote_id VARCHAR(128) COLLATE utf8mb4_bin,
	`values` LONGTEXT NOT NULL,
	hub_values LONGTEXT NOT NULL,
	base LONGTEXT NOT NULL,
	`key` VARCHAR(255) COLLATE utf8mb4_bin,
	state VARCHAR(16) COLLATE utf8mb4_bin NOT NULL DEFAULT 'ready',
	attempts INTEGER NOT NULL DEFAULT '0',
	not_before_ms BIGINT NOT NULL DEFAULT '0',
	first_intent_ms BIGINT,
	steps_done LONGTEXT NOT NULL,
	code VARCHAR(128) COLLATE utf8mb4_bin,
	message TEXT,
	created_ms BIGINT NOT NULL DEFAULT '0',
	PRIMARY KEY (id)
)
-- next
CREATE INDEX ix_op_run ON op (run_id)
-- next
CREATE INDEX ix_op_uid ON op (uid)
-- next
CREATE TABLE op_attempt (
	id BIGINT NOT NULL AUTO_INCREMENT,
	op VARCHAR(64) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	n INTEGER NOT NULL DEFAULT '0',
	sent_ms BIGINT NOT NULL DEFAULT '0',
	answered_ms BIGINT,
	outcome VARCHAR(32) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	code VARCHAR(128) COLLATE utf8mb4_bin,
	PRIMARY KEY (id)
)
-- next
CREATE INDEX ix_op_attempt_op ON op_attempt (op)
-- next
CREATE TABLE override (
	entity VARCHAR(16) COLLATE utf8mb4_bin NOT NULL,
	uid VARCHAR(64) COLLATE utf8mb4_bin NOT NULL,
	rule VARCHAR(64) COLLATE utf8mb4_bin NOT NULL,
	value LONGTEXT NOT NULL,
	reason TEXT NOT NULL,
	who TEXT NOT NULL,
	at_ms BIGINT NOT NULL DEFAULT '0',
	until DATE,
	PRIMARY KEY (entity, uid, rule)
)
-- next
CREATE TABLE pause (
	id BIGINT NOT NULL AUTO_INCREMENT,
	entity VARCHAR(16) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	uid VARCHAR(64) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	start DATE NOT NULL,
	until DATE,
	reason TEXT NOT NULL,
	who TEXT NOT NULL,
	created_ms BIGINT NOT NULL DEFAULT '0',
	PRIMARY KEY (id)
)
-- next
CREATE INDEX ix_pause_uid ON pause (uid)
-- next
CREATE TABLE plan_item (
	run_id VARCHAR(64) COLLATE utf8mb4_bin NOT NULL,
	n INTEGER NOT NULL,
	line LONGTEXT NOT NULL,
	PRIMARY KEY (run_id, n)
)
-- next
CREATE TABLE project (
	uid VARCHAR(64) COLLATE utf8mb4_bin NOT NULL DEFAULT (uuid()),
	rev INTEGER NOT NULL DEFAULT '0',
	state VARCHAR(16) COLLATE utf8mb4_bin NOT NULL DEFAULT 'live',
	`key` VARCHAR(64) COLLATE utf8mb4_bin,
	code TEXT,
	name TEXT,
	contract_no TEXT,
	description TEXT,
	account VARCHAR(64) COLLATE utf8mb4_bin,
	pm TEXT,
	start DATE,
	baseline_end DATE,
	budget VARCHAR(64),
	currency TEXT,
	lifecycle TEXT,
	declared_health TEXT,
	zone TEXT,
	calendar TEXT,
	extra TEXT,
	meta TEXT,
	created_ms BIGINT NOT NULL DEFAULT '0',
	updated_ms BIGINT NOT NULL DEFAULT '0',
	PRIMARY KEY (uid),
	CONSTRAINT ck_project_state CHECK (state = 'live' OR state = 'archived' OR state = 'deleted' OR state = 'merged')
)
-- next
CREATE INDEX ix_project_account ON project (account)
-- next
CREATE TABLE quarantine (
	id BIGINT NOT NULL AUTO_INCREMENT,
	connection VARCHAR(64) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	entity VARCHAR(16) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	object VARCHAR(128) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	subject VARCHAR(128) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	remote_id VARCHAR(128) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	uid VARCHAR(64) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	op_id VARCHAR(64) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	code VARCHAR(128) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	message TEXT NOT NULL,
	payload LONGTEXT NOT NULL,
	attempts INTEGER NOT NULL DEFAULT '0',
	first_ms BIGINT NOT NULL DEFAULT '0',
	last_ms BIGINT NOT NULL DEFAULT '0',
	retry_ms BIGINT NOT NULL DEFAULT '0',
	state VARCHAR(16) COLLATE utf8mb4_bin NOT NULL DEFAULT 'open',
	PRIMARY KEY (id)
)
-- next
CREATE INDEX ix_quarantine_state ON quarantine (state)
-- next
CREATE TABLE report_revision (
	id BIGINT NOT NULL AUTO_INCREMENT,
	report VARCHAR(64) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	subject VARCHAR(128) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	digest VARCHAR(128) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	doc LONGTEXT NOT NULL,
	at_ms BIGINT NOT NULL DEFAULT '0',
	PRIMARY KEY (id)
)
-- next
CREATE INDEX ix_report_revision ON report_revision (report, subject)
-- next
CREATE TABLE review (
	id BIGINT NOT NULL AUTO_INCREMENT,
	kind VARCHAR(16) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	entity VARCHAR(16) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	uid VARCHAR(64) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	connection VARCHAR(64) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	object VARCHAR(128) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	remote_id VARCHAR(128) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	field VARCHAR(128) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	data LONGTEXT NOT NULL,
	state VARCHAR(16) COLLATE utf8mb4_bin NOT NULL DEFAULT 'open',
	resolution TEXT,
	opened_ms BIGINT NOT NULL DEFAULT '0',
	closed_ms BIGINT,
	run_id VARCHAR(64) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	PRIMARY KEY (id)
)
-- next
CREATE INDEX ix_review_state ON review (state, kind)
-- next
CREATE INDEX ix_review_uid ON review (uid)
-- next
CREATE TABLE run (
	id VARCHAR(64) COLLATE utf8mb4_bin NOT NULL,
	kind VARCHAR(16) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	started_ms BIGINT NOT NULL DEFAULT '0',
	ended_ms BIGINT NOT NULL DEFAULT '0',
	exit_code INTEGER NOT NULL DEFAULT '0',
	summary LONGTEXT NOT NULL,
	PRIMARY KEY (id)
)
-- next
CREATE INDEX ix_run_started ON run (started_ms)
-- next
CREATE TABLE schema_snapshot (
	connection VARCHAR(64) COLLATE utf8mb4_bin NOT NULL,
	object VARCHAR(128) COLLATE utf8mb4_bin NOT NULL,
	hash VARCHAR(128) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	doc LONGTEXT NOT NULL,
	at_ms BIGINT NOT NULL DEFAULT '0',
	PRIMARY KEY (connection, object)
)
-- next
CREATE TABLE secret (
	name VARCHAR(190) COLLATE utf8mb4_bin NOT NULL,
	sealed BLOB NOT NULL,
	source VARCHAR(190) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	at_ms BIGINT NOT NULL DEFAULT '0',
	PRIMARY KEY (name)
)
-- next
CREATE TABLE stream (
	connection VARCHAR(64) COLLATE utf8mb4_bin NOT NULL,
	entity VARCHAR(16) COLLATE utf8mb4_bin NOT NULL,
	object VARCHAR(128) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	watermark TEXT,
	backfilled_ms BIGINT,
	generation INTEGER NOT NULL DEFAULT '0',
	listed INTEGER NOT NULL DEFAULT '0',
	map_hash VARCHAR(128) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	updated_ms BIGINT NOT NULL DEFAULT '0',
	PRIMARY KEY (connection, entity)
)
-- next
CREATE TABLE task (
	uid VARCHAR(64) COLLATE utf8mb4_bin NOT NULL DEFAULT (uuid()),
	rev INTEGER NOT NULL DEFAULT '0',
	state VARCHAR(16) COLLATE utf8mb4_bin NOT NULL DEFAULT 'live',
	`key` VARCHAR(64) COLLATE utf8mb4_bin,
	title TEXT,
	description TEXT,
	status TEXT,
	priority TEXT,
	due DATE,
	kind TEXT,
	stage TEXT,
	owner_side TEXT,
	start DATE,
	project VARCHAR(64) COLLATE utf8mb4_bin,
	contact VARCHAR(64) COLLATE utf8mb4_bin,
	owner TEXT,
	done_at BIGINT,
	overdue_since DATE,
	severity TEXT,
	extra TEXT,
	meta TEXT,
	created_ms BIGINT NOT NULL DEFAULT '0',
	updated_ms BIGINT NOT NULL DEFAULT '0',
	PRIMARY KEY (uid),
	CONSTRAINT ck_task_state CHECK (state = 'live' OR state = 'archived' OR state = 'deleted' OR state = 'merged')
)
-- next
CREATE INDEX ix_task_contact ON task (contact)
-- next
CREATE INDEX ix_task_project ON task (project)
-- next
CREATE TABLE tombstone (
	id BIGINT NOT NULL AUTO_INCREMENT,
	entity VARCHAR(16) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	uid VARCHAR(64) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	connection VARCHAR(64) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	remote_id VARCHAR(128) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	evidence VARCHAR(32) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	at_ms BIGINT NOT NULL DEFAULT '0',
	expires_ms BIGINT,
	PRIMARY KEY (id)
)
-- next
CREATE INDEX ix_tombstone_uid ON tombstone (uid)
-- next
CREATE TRIGGER account_inserted AFTER INSERT ON account FOR EACH ROW BEGIN IF NEW.rev = 0 THEN INSERT INTO dirty (entity, uid, reason, at_ms) VALUES ('account', NEW.uid, 'sql_insert', CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)); END IF; END
-- next
CREATE TRIGGER account_edited BEFORE UPDATE ON account FOR EACH ROW BEGIN IF NEW.rev = OLD.rev THEN INSERT INTO dirty (entity, uid, reason, at_ms) VALUES ('account', NEW.uid, 'sql_update', CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)); SET NEW.rev = OLD.rev + 1; END IF; END
-- next
CREATE TRIGGER account_deleted AFTER DELETE ON account FOR EACH ROW BEGIN IF OLD.rev >= 0 THEN INSERT INTO dirty (entity, uid, reason, at_ms) VALUES ('account', OLD.uid, 'sql_delete', CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)); END IF; END
-- next
CREATE TRIGGER contact_inserted AFTER INSERT ON contact FOR EACH ROW BEGIN IF NEW.rev = 0 THEN INSERT INTO dirty (entity, uid, reason, at_ms) VALUES ('contact', NEW.uid, 'sql_insert', CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)); END IF; END
-- next
CREATE TRIGGER contact_edited BEFORE UPDATE ON contact FOR EACH ROW BEGIN IF NEW.rev = OLD.rev THEN INSERT INTO dirty (entity, uid, reason, at_ms) VALUES ('contact', NEW.uid, 'sql_update', CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)); SET NEW.rev = OLD.rev + 1; END IF; END
-- next
CREATE TRIGGER contact_deleted AFTER DELETE ON contact FOR EACH ROW BEGIN IF OLD.rev >= 0 THEN INSERT INTO dirty (entity, uid, reason, at_ms) VALUES ('contact', OLD.uid, 'sql_delete', CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)); END IF; END
-- next
CREATE TRIGGER project_inserted AFTER INSERT ON project FOR EACH ROW BEGIN IF NEW.rev = 0 THEN INSERT INTO dirty (entity, uid, reason, at_ms) VALUES ('project', NEW.uid, 'sql_insert', CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)); END IF; END
-- next
CREATE TRIGGER project_edited BEFORE UPDATE ON project FOR EACH ROW BEGIN IF NEW.rev = OLD.rev THEN INSERT INTO dirty (entity, uid, reason, at_ms) VALUES ('project', NEW.uid, 'sql_update', CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)); SET NEW.rev = OLD.rev + 1; END IF; END
-- next
CREATE TRIGGER project_deleted AFTER DELETE ON project FOR EACH ROW BEGIN IF OLD.rev >= 0 THEN INSERT INTO dirty (entity, uid, reason, at_ms) VALUES ('project', OLD.uid, 'sql_delete', CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)); END IF; END
-- next
CREATE TRIGGER task_inserted AFTER INSERT ON task FOR EACH ROW BEGIN IF NEW.rev = 0 THEN INSERT INTO dirty (entity, uid, reason, at_ms) VALUES ('task', NEW.uid, 'sql_insert', CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)); END IF; END
-- next
CREATE TRIGGER task_edited BEFORE UPDATE ON task FOR EACH ROW BEGIN IF NEW.rev = OLD.rev THEN INSERT INTO dirty (entity, uid, reason, at_ms) VALUES ('task', NEW.uid, 'sql_update', CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)); SET NEW.rev = OLD.rev + 1; END IF; END
-- next
CREATE TRIGGER task_deleted AFTER DELETE ON task FOR EACH ROW BEGIN IF OLD.rev >= 0 THEN INSERT INTO dirty (entity, uid, reason, at_ms) VALUES ('task', OLD.uid, 'sql_delete', CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)); END IF; END
-- next
CREATE TRIGGER feedback_inserted AFTER INSERT ON feedback FOR EACH ROW BEGIN IF NEW.rev = 0 THEN INSERT INTO dirty (entity, uid, reason, at_ms) VALUES ('feedback', NEW.uid, 'sql_insert', CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)); END IF; END
-- next
CREATE TRIGGER feedback_edited BEFORE UPDATE ON feedback FOR EACH ROW BEGIN IF NEW.rev = OLD.rev THEN INSERT INTO dirty (entity, uid, reason, at_ms) VALUES ('feedback', NEW.uid, 'sql_update', CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)); SET NEW.rev = OLD.rev + 1; END IF; END
-- next
CREATE TRIGGER feedback_deleted AFTER DELETE ON feedback FOR EACH ROW BEGIN IF OLD.rev >= 0 THEN INSERT INTO dirty (entity, uid, reason, at_ms) VALUES ('feedback', OLD.uid, 'sql_delete', CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)); END IF; END
-- next
CREATE TRIGGER comment_inserted AFTER INSERT ON comment FOR EACH ROW BEGIN IF NEW.rev = 0 THEN INSERT INTO dirty (entity, uid, reason, at_ms) VALUES ('comment', NEW.uid, 'sql_insert', CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)); END IF; END
-- next
CREATE TRIGGER comment_edited BEFORE UPDATE ON comment FOR EACH ROW BEGIN IF NEW.rev = OLD.rev THEN INSERT INTO dirty (entity, uid, reason, at_ms) VALUES ('comment', NEW.uid, 'sql_update', CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)); SET NEW.rev = OLD.rev + 1; END IF; END
-- next
CREATE TRIGGER comment_deleted AFTER DELETE ON comment FOR EACH ROW BEGIN IF OLD.rev >= 0 THEN INSERT INTO dirty (entity, uid, reason, at_ms) VALUES ('comment', OLD.uid, 'sql_delete', CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)); END IF; END
