CREATE TABLE account (
	uid VARCHAR(64) DEFAULT (lower(hex(randomblob(16)))) NOT NULL,
	rev INTEGER DEFAULT '0' NOT NULL,
	state VARCHAR(16) DEFAULT 'live' NOT NULL,
	"key" VARCHAR(64),
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
	created_ms BIGINT DEFAULT '0' NOT NULL,
	updated_ms BIGINT DEFAULT '0' NOT NULL,
	PRIMARY KEY (uid),
	CONSTRAINT ck_account_state CHECK (state = 'live' OR state = 'archived' OR state = 'deleted' OR state = 'merged')
)
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
	PRIMARY KEY (id)
)
-- next
CREATE INDEX ix_ball_event_uid ON ball_event (uid)
-- next
CREATE TABLE baseline (
	id INTEGER NOT NULL,
	entity VARCHAR(16) DEFAULT '' NOT NULL,
	uid VARCHAR(64) DEFAULT '' NOT NULL,
	kind VARCHAR(32) DEFAULT '' NOT NULL,
	doc TEXT NOT NULL,
	who TEXT NOT NULL,
	at_ms BIGINT DEFAULT '0' NOT NULL,
	PRIMARY KEY (id)
)
-- next
CREATE INDEX ix_baseline_uid ON baseline (uid)
-- next
CREATE TABLE budget (
	connection VARCHAR(64) NOT NULL,
	name VARCHAR(190) NOT NULL,
	calls TEXT NOT NULL,
	until_ms BIGINT DEFAULT '0' NOT NULL,
	PRIMARY KEY (connection, name)
)
-- next
CREATE TABLE calendar_day (
	calendar VARCHAR(32) NOT NULL,
	day VARCHAR(10) NOT NULL,
	kind VARCHAR(16) DEFAULT '' NOT NULL,
	name TEXT NOT NULL,
	source VARCHAR(128) DEFAULT '' NOT NULL,
	PRIMARY KEY (calendar, day)
)
-- next
CREATE TABLE claim (
	entity VARCHAR(16) NOT NULL,
	uid VARCHAR(64) NOT NULL,
	field VARCHAR(128) NOT NULL,
	connection VARCHAR(64) NOT NULL,
	value TEXT NOT NULL,
	remote_ms BIGINT,
	seen_ms BIGINT DEFAULT '0' NOT NULL,
	PRIMARY KEY (entity, uid, field, connection)
)
-- next
CREATE TABLE comment (
	uid VARCHAR(64) DEFAULT (lower(hex(randomblob(16)))) NOT NULL,
	rev INTEGER DEFAULT '0' NOT NULL,
	state VARCHAR(16) DEFAULT 'live' NOT NULL,
	title TEXT,
	body TEXT,
	parent VARCHAR(80),
	author TEXT,
	occurred_at BIGINT,
	internal BOOLEAN,
	extra TEXT,
	meta TEXT,
	created_ms BIGINT DEFAULT '0' NOT NULL,
	updated_ms BIGINT DEFAULT '0' NOT NULL,
	PRIMARY KEY (uid),
	CONSTRAINT ck_comment_state CHECK (state = 'live' OR state = 'archived' OR state = 'deleted' OR state = 'merged'),
	CONSTRAINT ck_comment_internal CHECK (internal IN (0, 1))
)
-- next
CREATE INDEX ix_comment_parent ON comment (parent)
-- next
CREATE TABLE connection (
	name VARCHAR(64) NOT NULL,
	kind VARCHAR(32) DEFAULT '' NOT NULL,
	org_id VARCHAR(128) DEFAULT '' NOT NULL,
	org_name TEXT NOT NULL,
	environment VARCHAR(32) DEFAULT '' NOT NULL,
	zone VARCHAR(64) DEFAULT '' NOT NULL,
	user_id VARCHAR(128) DEFAULT '' NOT NULL,
	approved_ms BIGINT,
	stopped TEXT,
	map_hash VARCHAR(128) DEFAULT '' NOT NULL,
	retry_at_ms BIGINT DEFAULT '0' NOT NULL,
	PRIMARY KEY (name)
)
-- next
CREATE TABLE contact (
	uid VARCHAR(64) DEFAULT (lower(hex(randomblob(16)))) NOT NULL,
	rev INTEGER DEFAULT '0' NOT NULL,
	state VARCHAR(16) DEFAULT 'live' NOT NULL,
	"key" VARCHAR(64),
	name TEXT,
	title TEXT,
	email TEXT,
	mobile TEXT,
	phone TEXT,
	description TEXT,
	account VARCHAR(64),
	opt_out BOOLEAN,
	roles TEXT,
	owner TEXT,
	side TEXT,
	zone TEXT,
	calendar TEXT,
	locale TEXT,
	extra TEXT,
	meta TEXT,
	created_ms BIGINT DEFAULT '0' NOT NULL,
	updated_ms BIGINT DEFAULT '0' NOT NULL,
	PRIMARY KEY (uid),
	CONSTRAINT ck_contact_state CHECK (state = 'live' OR state = 'archived' OR state = 'deleted' OR state = 'merged'),
	CONSTRAINT ck_contact_opt_out CHECK (opt_out IN (0, 1))
)
-- next
CREATE INDEX ix_contact_account ON contact (account)
-- next
CREATE TABLE dirty (
	seq INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	entity VARCHAR(16) DEFAULT '' NOT NULL,
	uid VARCHAR(64) DEFAULT '' NOT NULL,
	reason VARCHAR(32) DEFAULT '' NOT NULL,
	at_ms BIGINT DEFAULT '0' NOT NULL
)
-- next
CREATE INDEX ix_dirty_uid ON dirty (entity, uid, seq)
-- next
CREATE TABLE feedback (
	uid VARCHAR(64) DEFAULT (lower(hex(randomblob(16)))) NOT NULL,
	rev INTEGER DEFAULT '0' NOT NULL,
	state VARCHAR(16) DEFAULT 'live' NOT NULL,
	"key" VARCHAR(64),
	subject TEXT,
	body TEXT,
	status TEXT,
	severity TEXT,
	kind TEXT,
	score VARCHAR(64),
	scale TEXT,
	wave TEXT,
	submitted_at BIGINT,
	contact VARCHAR(64),
	account VARCHAR(64),
	project VARCHAR(64),
	owner TEXT,
	extra TEXT,
	meta TEXT,
	created_ms BIGINT DEFAULT '0' NOT NULL,
	updated_ms BIGINT DEFAULT '0' NOT NULL,
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
	id INTEGER NOT NULL,
	entity VARCHAR(16) DEFAULT '' NOT NULL,
	uid VARCHAR(64) DEFAULT '' NOT NULL,
	rule VARCHAR(32) DEFAULT '' NOT NULL,
	since VARCHAR(10),
	severity VARCHAR(8) DEFAULT '' NOT NULL,
	data TEXT NOT NULL,
	raised_ms BIGINT DEFAULT '0' NOT NULL,
	cleared_ms BIGINT,
	PRIMARY KEY (id)
)
-- next
CREATE INDEX ix_flag_uid ON flag (uid)
-- next
CREATE UNIQUE INDEX ux_flag_up ON flag (entity, uid, rule) WHERE cleared_ms IS NULL
-- next
CREATE TABLE identity (
	entity VARCHAR(16) NOT NULL,
	"key" VARCHAR(255) NOT NULL,
	side VARCHAR(64) NOT NULL,
	ref VARCHAR(128) NOT NULL,
	PRIMARY KEY (entity, "key", side, ref)
)
 WITHOUT ROWID
-- next
CREATE INDEX ix_identity_ref ON identity (entity, side, ref)
-- next
CREATE TABLE inbox (
	id INTEGER NOT NULL,
	connection VARCHAR(64) DEFAULT '' NOT NULL,
	entity VARCHAR(16) DEFAULT '' NOT NULL,
	object VARCHAR(128) DEFAULT '' NOT NULL,
	remote_id VARCHAR(128) DEFAULT '' NOT NULL,
	version VARCHAR(128) DEFAULT '' NOT NULL,
	modified_ms BIGINT,
	modified_by VARCHAR(128),
	created_ms BIGINT,
	created_by VARCHAR(128),
	doc TEXT,
	gone BOOLEAN NOT NULL,
	in_scope BOOLEAN NOT NULL,
	state VARCHAR(16) DEFAULT 'new' NOT NULL,
	reason TEXT NOT NULL,
	seen_ms BIGINT DEFAULT '0' NOT NULL,
	PRIMARY KEY (id)
)
-- next
CREATE UNIQUE INDEX ux_inbox_remote ON inbox (connection, remote_id, object)
-- next
CREATE TABLE journal (
	seq BIGINT NOT NULL,
	run_id VARCHAR(64) DEFAULT '' NOT NULL,
	at_ms BIGINT DEFAULT '0' NOT NULL,
	kind VARCHAR(32) DEFAULT '' NOT NULL,
	entity VARCHAR(16) DEFAULT '' NOT NULL,
	uid VARCHAR(64) DEFAULT '' NOT NULL,
	connection VARCHAR(64) DEFAULT '' NOT NULL,
	remote_id VARCHAR(128) DEFAULT '' NOT NULL,
	op_id VARCHAR(64) DEFAULT '' NOT NULL,
	who TEXT NOT NULL,
	changes TEXT NOT NULL,
	cause TEXT NOT NULL,
	salt BLOB,
	digest BLOB NOT NULL,
	chain BLOB NOT NULL,
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
	chain BLOB NOT NULL,
	PRIMARY KEY (id)
)
-- next
CREATE TABLE lease (
	name VARCHAR(32) NOT NULL,
	fence BIGINT NOT NULL,
	owner TEXT NOT NULL,
	since_ms BIGINT DEFAULT '0' NOT NULL,
	PRIMARY KEY (name)
)
-- next
CREATE TABLE link (
	id INTEGER NOT NULL,
	entity VARCHAR(16) DEFAULT '' NOT NULL,
	uid VARCHAR(64) DEFAULT '' NOT NULL,
	connection VARCHAR(64) DEFAULT '' NOT NULL,
	object VARCHAR(128) DEFAULT '' NOT NULL,
	remote_id VARCHAR(128) DEFAULT '' NOT NULL,
	state VARCHAR(16) DEFAULT 'live' NOT NULL,
	version VARCHAR(128) DEFAULT '' NOT NULL,
	expect_version VARCHAR(128),
	modified_ms BIGINT,
	shadow_hub TEXT NOT NULL,
	shadow_remote TEXT NOT NULL,
	notes TEXT NOT NULL,
	created_ms BIGINT DEFAULT '0' NOT NULL,
	PRIMARY KEY (id)
)
-- next
CREATE INDEX ix_link_count ON link (connection, object, state)
-- next
CREATE INDEX ix_link_uid ON link (uid)
-- next
CREATE UNIQUE INDEX ux_link_live ON link (uid, connection) WHERE state = 'live'
-- next
CREATE UNIQUE INDEX ux_link_remote ON link (connection, remote_id, object)
-- next
CREATE TABLE link_alias (
	id INTEGER NOT NULL,
	link_id BIGINT NOT NULL,
	old_remote_id VARCHAR(128) DEFAULT '' NOT NULL,
	reason VARCHAR(32) DEFAULT '' NOT NULL,
	PRIMARY KEY (id)
)
-- next
CREATE INDEX ix_link_alias_link ON link_alias (link_id)
-- next
CREATE INDEX ix_link_alias_old ON link_alias (old_remote_id)
-- next
CREATE TABLE notice (
	id VARCHAR(64) NOT NULL,
	entity VARCHAR(16) DEFAULT '' NOT NULL,
	uid VARCHAR(64) DEFAULT '' NOT NULL,
	rule VARCHAR(32) DEFAULT '' NOT NULL,
	level INTEGER DEFAULT '0' NOT NULL,
	channel VARCHAR(32) DEFAULT '' NOT NULL,
	recipient TEXT NOT NULL,
	state VARCHAR(16) DEFAULT '' NOT NULL,
	data TEXT NOT NULL,
	at_ms BIGINT DEFAULT '0' NOT NULL,
	PRIMARY KEY (id)
)
-- next
CREATE INDEX ix_notice_uid ON notice (uid)
-- next
CREATE TABLE op (
	id VARCHAR(64) NOT NULL,
	run_id VARCHAR(64) DEFAULT '' NOT NULL,
	digest VARCHAR(128) DEFAULT '' NOT NULL,
	entity VARCHAR(16) DEFAULT '' NOT NULL,
	uid VARCHAR(64) DEFAULT '' NOT NULL,
	connection VARCHAR(64) DEFAULT '' NOT NULL,
	object VARCHAR(128) DEFAULT '' NOT NULL,
	action VARCHAR(16) DEFAULT '' NOT NULL,
	remote_id VARCHAR(128),
	"values" TEXT NOT NULL,
	hub_values TEXT NOT NULL,
	base TEXT NOT NULL,
	"key" VARCHAR(255),
	state VARCHAR(16) DEFAULT 'ready' NOT NULL,
	attempts INTEGER DEFAULT '0' NOT NULL,
	not_before_ms BIGINT DEFAULT '0' NOT NULL,
	first_intent_ms BIGINT,
	steps_done TEXT NOT NULL,
	code VARCHAR(128),
	message TEXT,
	created_ms BIGINT DEFAULT '0' NOT NULL,
	PRIMARY KEY (id)
)
-- next
CREATE INDEX ix_op_ready ON op (connection, entity, id) WHERE (state = 'ready' OR state = 'intent' OR state = 'unknown' OR state = 'waiting')
-- next
CREATE INDEX ix_op_run ON op (run_id)
-- next
CREATE INDEX ix_op_uid ON op (uid)
-- next
CREATE UNIQUE INDEX ux_op_open ON op (uid, connection) WHERE (state = 'ready' OR state = 'intent' OR state = 'unknown' OR state = 'waiting')
-- next
CREATE TABLE op_attempt (
	id INTEGER NOT NULL,
	op VARCHAR(64) DEFAULT '' NOT NULL,
	n INTEGER DEFAULT '0' NOT NULL,
	sent_ms BIGINT DEFAULT '0' NOT NULL,
	answered_ms BIGINT,
	outcome VARCHAR(32) DEFAULT '' NOT NULL,
	code VARCHAR(128),
	PRIMARY KEY (id)
)
-- next
CREATE INDEX ix_op_attempt_op ON op_attempt (op)
-- next
CREATE TABLE override (
	entity VARCHAR(16) NOT NULL,
	uid VARCHAR(64) NOT NULL,
	rule VARCHAR(64) NOT NULL,
	value TEXT NOT NULL,
	reason TEXT NOT NULL,
	who TEXT NOT NULL,
	at_ms BIGINT DEFAULT '0' NOT NULL,
	until VARCHAR(10),
	PRIMARY KEY (entity, uid, rule)
)
-- next
CREATE TABLE pause (
	id INTEGER NOT NULL,
	entity VARCHAR(16) DEFAULT '' NOT NULL,
	uid VARCHAR(64) DEFAULT '' NOT NULL,
	start VARCHAR(10) NOT NULL,
	until VARCHAR(10),
	reason TEXT NOT NULL,
	who TEXT NOT NULL,
	created_ms BIGINT DEFAULT '0' NOT NULL,
	PRIMARY KEY (id)
)
-- next
CREATE INDEX ix_pause_uid ON pause (uid)
-- next
CREATE TABLE plan_item (
	run_id VARCHAR(64) NOT NULL,
	n INTEGER NOT NULL,
	line TEXT NOT NULL,
	PRIMARY KEY (run_id, n)
)
-- next
CREATE TABLE project (
	uid VARCHAR(64) DEFAULT (lower(hex(randomblob(16)))) NOT NULL,
	rev INTEGER DEFAULT '0' NOT NULL,
	state VARCHAR(16) DEFAULT 'live' NOT NULL,
	"key" VARCHAR(64),
	code TEXT,
	name TEXT,
	contract_no TEXT,
	description TEXT,
	account VARCHAR(64),
	pm TEXT,
	start VARCHAR(10),
	baseline_end VARCHAR(10),
	budget VARCHAR(64),
	currency TEXT,
	lifecycle TEXT,
	declared_health TEXT,
	zone TEXT,
	calendar TEXT,
	extra TEXT,
	meta TEXT,
	created_ms BIGINT DEFAULT '0' NOT NULL,
	updated_ms BIGINT DEFAULT '0' NOT NULL,
	PRIMARY KEY (uid),
	CONSTRAINT ck_project_state CHECK (state = 'live' OR state = 'archived' OR state = 'deleted' OR state = 'merged'),
	CONSTRAINT ck_project_start CHECK ("start" IS date("start", '+0 days')),
	CONSTRAINT ck_project_baseline_end CHECK ("baseline_end" IS date("baseline_end", '+0 days'))
)
-- next
CREATE INDEX ix_project_account ON project (account)
-- next
CREATE TABLE quarantine (
	id INTEGER NOT NULL,
	connection VARCHAR(64) DEFAULT '' NOT NULL,
	entity VARCHAR(16) DEFAULT '' NOT NULL,
	object VARCHAR(128) DEFAULT '' NOT NULL,
	subject VARCHAR(128) DEFAULT '' NOT NULL,
	remote_id VARCHAR(128) DEFAULT '' NOT NULL,
	uid VARCHAR(64) DEFAULT '' NOT NULL,
	op_id VARCHAR(64) DEFAULT '' NOT NULL,
	code VARCHAR(128) DEFAULT '' NOT NULL,
	message TEXT NOT NULL,
	payload TEXT NOT NULL,
	attempts INTEGER DEFAULT '0' NOT NULL,
	first_ms BIGINT DEFAULT '0' NOT NULL,
	last_ms BIGINT DEFAULT '0' NOT NULL,
	retry_ms BIGINT DEFAULT '0' NOT NULL,
	state VARCHAR(16) DEFAULT 'open' NOT NULL,
	PRIMARY KEY (id)
)
-- next
CREATE INDEX ix_quarantine_state ON quarantine (state)
-- next
CREATE UNIQUE INDEX ux_quarantine_open ON quarantine (subject, connection, object, code) WHERE state <> 'closed'
-- next
CREATE TABLE report_revision (
	id INTEGER NOT NULL,
	report VARCHAR(64) DEFAULT '' NOT NULL,
	subject VARCHAR(128) DEFAULT '' NOT NULL,
	digest VARCHAR(128) DEFAULT '' NOT NULL,
	doc TEXT NOT NULL,
	at_ms BIGINT DEFAULT '0' NOT NULL,
	PRIMARY KEY (id)
)
-- next
CREATE INDEX ix_report_revision ON report_revision (report, subject)
-- next
CREATE TABLE review (
	id INTEGER NOT NULL,
	kind VARCHAR(16) DEFAULT '' NOT NULL,
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
CREATE INDEX ix_review_state ON review (state, kind)
-- next
CREATE INDEX ix_review_uid ON review (uid)
-- next
CREATE UNIQUE INDEX ux_review_open ON review (entity, uid, connection, object, remote_id, field, kind) WHERE state = 'open'
-- next
CREATE TABLE run (
	id VARCHAR(64) NOT NULL,
	kind VARCHAR(16) DEFAULT '' NOT NULL,
	started_ms BIGINT DEFAULT '0' NOT NULL,
	ended_ms BIGINT DEFAULT '0' NOT NULL,
	exit_code INTEGER DEFAULT '0' NOT NULL,
	summary TEXT NOT NULL,
	PRIMARY KEY (id)
)
-- next
CREATE INDEX ix_run_started ON run (started_ms)
-- next
CREATE TABLE schema_snapshot (
	connection VARCHAR(64) NOT NULL,
	object VARCHAR(128) NOT NULL,
	hash VARCHAR(128) DEFAULT '' NOT NULL,
	doc TEXT NOT NULL,
	at_ms BIGINT DEFAULT '0' NOT NULL,
	PRIMARY KEY (connection, object)
)
-- next
CREATE TABLE secret (
	name VARCHAR(190) NOT NULL,
	sealed BLOB NOT NULL,
	source VARCHAR(190) DEFAULT '' NOT NULL,
	at_ms BIGINT DEFAULT '0' NOT NULL,
	PRIMARY KEY (name)
)
-- next
CREATE TABLE stream (
	connection VARCHAR(64) NOT NULL,
	entity VARCHAR(16) NOT NULL,
	object VARCHAR(128) DEFAULT '' NOT NULL,
	watermark TEXT,
	backfilled_ms BIGINT,
	generation INTEGER DEFAULT '0' NOT NULL,
	listed INTEGER DEFAULT '0' NOT NULL,
	map_hash VARCHAR(128) DEFAULT '' NOT NULL,
	updated_ms BIGINT DEFAULT '0' NOT NULL,
	PRIMARY KEY (connection, entity)
)
-- next
CREATE TABLE task (
	uid VARCHAR(64) DEFAULT (lower(hex(randomblob(16)))) NOT NULL,
	rev INTEGER DEFAULT '0' NOT NULL,
	state VARCHAR(16) DEFAULT 'live' NOT NULL,
	"key" VARCHAR(64),
	title TEXT,
	description TEXT,
	status TEXT,
	priority TEXT,
	due VARCHAR(10),
	kind TEXT,
	stage TEXT,
	owner_side TEXT,
	start VARCHAR(10),
	project VARCHAR(64),
	contact VARCHAR(64),
	owner TEXT,
	done_at BIGINT,
	overdue_since VARCHAR(10),
	severity TEXT,
	extra TEXT,
	meta TEXT,
	created_ms BIGINT DEFAULT '0' NOT NULL,
	updated_ms BIGINT DEFAULT '0' NOT NULL,
	PRIMARY KEY (uid),
	CONSTRAINT ck_task_state CHECK (state = 'live' OR state = 'archived' OR state = 'deleted' OR state = 'merged'),
	CONSTRAINT ck_task_due CHECK ("due" IS date("due", '+0 days')),
	CONSTRAINT ck_task_start CHECK ("start" IS date("start", '+0 days')),
	CONSTRAINT ck_task_overdue_since CHECK ("overdue_since" IS date("overdue_since", '+0 days'))
)
-- next
CREATE INDEX ix_task_contact ON task (contact)
-- next
CREATE INDEX ix_task_project ON task (project)
-- next
CREATE TABLE tombstone (
	id INTEGER NOT NULL,
	entity VARCHAR(16) DEFAULT '' NOT NULL,
	uid VARCHAR(64) DEFAULT '' NOT NULL,
	connection VARCHAR(64) DEFAULT '' NOT NULL,
	remote_id VARCHAR(128) DEFAULT '' NOT NULL,
	evidence VARCHAR(32) DEFAULT '' NOT NULL,
	at_ms BIGINT DEFAULT '0' NOT NULL,
	expires_ms BIGINT,
	PRIMARY KEY (id)
)
-- next
CREATE INDEX ix_tombstone_uid ON tombstone (uid)
-- next
CREATE TRIGGER account_inserted AFTER INSERT ON account WHEN NEW.rev = 0 BEGIN INSERT INTO dirty (entity, uid, reason, at_ms) VALUES ('account', NEW.uid, 'sql_insert', CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)); UPDATE account SET rev = 1 WHERE uid = NEW.uid; END
-- next
CREATE TRIGGER account_edited AFTER UPDATE ON account WHEN NEW.rev = OLD.rev BEGIN INSERT INTO dirty (entity, uid, reason, at_ms) VALUES ('account', NEW.uid, 'sql_update', CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)); UPDATE account SET rev = NEW.rev + 1 WHERE uid = NEW.uid; END
-- next
CREATE TRIGGER account_renamed AFTER UPDATE OF uid ON account WHEN NEW.uid <> OLD.uid BEGIN INSERT INTO dirty (entity, uid, reason, at_ms) VALUES ('account', OLD.uid, 'sql_delete', CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)); END
-- next
CREATE TRIGGER account_deleted AFTER DELETE ON account WHEN OLD.rev >= 0 BEGIN INSERT INTO dirty (entity, uid, reason, at_ms) VALUES ('account', OLD.uid, 'sql_delete', CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)); END
-- next
CREATE TRIGGER contact_inserted AFTER INSERT ON contact WHEN NEW.rev = 0 BEGIN INSERT INTO dirty (entity, uid, reason, at_ms) VALUES ('contact', NEW.uid, 'sql_insert', CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)); UPDATE contact SET rev = 1 WHERE uid = NEW.uid; END
-- next
CREATE TRIGGER contact_edited AFTER UPDATE ON contact WHEN NEW.rev = OLD.rev BEGIN INSERT INTO dirty (entity, uid, reason, at_ms) VALUES ('contact', NEW.uid, 'sql_update', CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)); UPDATE contact SET rev = NEW.rev + 1 WHERE uid = NEW.uid; END
-- next
CREATE TRIGGER contact_renamed AFTER UPDATE OF uid ON contact WHEN NEW.uid <> OLD.uid BEGIN INSERT INTO dirty (entity, uid, reason, at_ms) VALUES ('contact', OLD.uid, 'sql_delete', CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)); END
-- next
CREATE TRIGGER contact_deleted AFTER DELETE ON contact WHEN OLD.rev >= 0 BEGIN INSERT INTO dirty (entity, uid, reason, at_ms) VALUES ('contact', OLD.uid, 'sql_delete', CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)); END
-- next
CREATE TRIGGER project_inserted AFTER INSERT ON project WHEN NEW.rev = 0 BEGIN INSERT INTO dirty (entity, uid, reason, at_ms) VALUES ('project', NEW.uid, 'sql_insert', CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)); UPDATE project SET rev = 1 WHERE uid = NEW.uid; END
-- next
CREATE TRIGGER project_edited AFTER UPDATE ON project WHEN NEW.rev = OLD.rev BEGIN INSERT INTO dirty (entity, uid, reason, at_ms) VALUES ('project', NEW.uid, 'sql_update', CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)); UPDATE project SET rev = NEW.rev + 1 WHERE uid = NEW.uid; END
-- next
CREATE TRIGGER project_renamed AFTER UPDATE OF uid ON project WHEN NEW.uid <> OLD.uid BEGIN INSERT INTO dirty (entity, uid, reason, at_ms) VALUES ('project', OLD.uid, 'sql_delete', CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)); END
-- next
CREATE TRIGGER project_deleted AFTER DELETE ON project WHEN OLD.rev >= 0 BEGIN INSERT INTO dirty (entity, uid, reason, at_ms) VALUES ('project', OLD.uid, 'sql_delete', CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)); END
-- next
CREATE TRIGGER task_inserted AFTER INSERT ON task WHEN NEW.rev = 0 BEGIN INSERT INTO dirty (entity, uid, reason, at_ms) VALUES ('task', NEW.uid, 'sql_insert', CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)); UPDATE task SET rev = 1 WHERE uid = NEW.uid; END
-- next
CREATE TRIGGER task_edited AFTER UPDATE ON task WHEN NEW.rev = OLD.rev BEGIN INSERT INTO dirty (entity, uid, reason, at_ms) VALUES ('task', NEW.uid, 'sql_update', CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)); UPDATE task SET rev = NEW.rev + 1 WHERE uid = NEW.uid; END
-- next
CREATE TRIGGER task_renamed AFTER UPDATE OF uid ON task WHEN NEW.uid <> OLD.uid BEGIN INSERT INTO dirty (entity, uid, reason, at_ms) VALUES ('task', OLD.uid, 'sql_delete', CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)); END
-- next
CREATE TRIGGER task_deleted AFTER DELETE ON task WHEN OLD.rev >= 0 BEGIN INSERT INTO dirty (entity, uid, reason, at_ms) VALUES ('task', OLD.uid, 'sql_delete', CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)); END
-- next
CREATE TRIGGER feedback_inserted AFTER INSERT ON feedback WHEN NEW.rev = 0 BEGIN INSERT INTO dirty (entity, uid, reason, at_ms) VALUES ('feedback', NEW.uid, 'sql_insert', CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)); UPDATE feedback SET rev = 1 WHERE uid = NEW.uid; END
-- next
CREATE TRIGGER feedback_edited AFTER UPDATE ON feedback WHEN NEW.rev = OLD.rev BEGIN INSERT INTO dirty (entity, uid, reason, at_ms) VALUES ('feedback', NEW.uid, 'sql_update', CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)); UPDATE feedback SET rev = NEW.rev + 1 WHERE uid = NEW.uid; END
-- next
CREATE TRIGGER feedback_renamed AFTER UPDATE OF uid ON feedback WHEN NEW.uid <> OLD.uid BEGIN INSERT INTO dirty (entity, uid, reason, at_ms) VALUES ('feedback', OLD.uid, 'sql_delete', CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)); END
-- next
CREATE TRIGGER feedback_deleted AFTER DELETE ON feedback WHEN OLD.rev >= 0 BEGIN INSERT INTO dirty (entity, uid, reason, at_ms) VALUES ('feedback', OLD.uid, 'sql_delete', CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)); END
-- next
CREATE TRIGGER comment_inserted AFTER INSERT ON comment WHEN NEW.rev = 0 BEGIN INSERT INTO dirty (entity, uid, reason, at_ms) VALUES ('comment', NEW.uid, 'sql_insert', CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)); UPDATE comment SET rev = 1 WHERE uid = NEW.uid; END
-- next
CREATE TRIGGER comment_edited AFTER UPDATE ON comment WHEN NEW.rev = OLD.rev BEGIN INSERT INTO dirty (entity, uid, reason, at_ms) VALUES ('comment', NEW.uid, 'sql_update', CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)); UPDATE comment SET rev = NEW.rev + 1 WHERE uid = NEW.uid; END
-- next
CREATE TRIGGER comment_renamed AFTER UPDATE OF uid ON comment WHEN NEW.uid <> OLD.uid BEGIN INSERT INTO dirty (entity, uid, reason, at_ms) VALUES ('comment', OLD.uid, 'sql_delete', CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)); END
-- next
CREATE TRIGGER comment_deleted AFTER DELETE ON comment WHEN OLD.rev >= 0 BEGIN INSERT INTO dirty (entity, uid, reason, at_ms) VALUES ('comment', OLD.uid, 'sql_delete', CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)); END
