CREATE TABLE account (
	uid VARCHAR(64) COLLATE "C" DEFAULT (gen_random_uuid()::text) NOT NULL,
	rev INTEGER DEFAULT '0' NOT NULL,
	state VARCHAR(16) COLLATE "C" DEFAULT 'live' NOT NULL,
	key VARCHAR(64) COLLATE "C",
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
	id BIGSERIAL NOT NULL,
	entity VARCHAR(16) COLLATE "C" DEFAULT '' NOT NULL,
	uid VARCHAR(64) COLLATE "C" DEFAULT '' NOT NULL,
	at_ms BIGINT DEFAULT '0' NOT NULL,
	side VARCHAR(16) COLLATE "C" DEFAULT '' NOT NULL,
	cause VARCHAR(32) COLLATE "C" DEFAULT '' NOT NULL,
	data TEXT NOT NULL,
	run_id VARCHAR(64) COLLATE "C" DEFAULT '' NOT NULL,
	PRIMARY KEY (id)
)
-- next
CREATE INDEX ix_ball_event_uid ON ball_event (uid)
-- next
CREATE TABLE baseline (
	id BIGSERIAL NOT NULL,
	entity VARCHAR(16) COLLATE "C" DEFAULT '' NOT NULL,
	uid VARCHAR(64) COLLATE "C" DEFAULT '' NOT NULL,
	kind VARCHAR(32) COLLATE "C" DEFAULT '' NOT NULL,
	doc TEXT NOT NULL,
	who TEXT NOT NULL,
	at_ms BIGINT DEFAULT '0' NOT NULL,
	PRIMARY KEY (id)
)
-- next
CREATE INDEX ix_baseline_uid ON baseline (uid)
-- next
CREATE TABLE budget (
	connection VARCHAR(64) COLLATE "C" NOT NULL,
	name VARCHAR(190) COLLATE "C" NOT NULL,
	calls TEXT NOT NULL,
	until_ms BIGINT DEFAULT '0' NOT NULL,
	PRIMARY KEY (connection, name)
)
-- next
CREATE TABLE calendar_day (
	calendar VARCHAR(32) COLLATE "C" NOT NULL,
	day DATE NOT NULL,
	kind VARCHAR(16) COLLATE "C" DEFAULT '' NOT NULL,
	name TEXT NOT NULL,
	source VARCHAR(128) COLLATE "C" DEFAULT '' NOT NULL,
	PRIMARY KEY (calendar, day)
)
-- next
CREATE TABLE claim (
	entity VARCHAR(16) COLLATE "C" NOT NULL,
	uid VARCHAR(64) COLLATE "C" NOT NULL,
	field VARCHAR(128) COLLATE "C" NOT NULL,
	connection VARCHAR(64) COLLATE "C" NOT NULL,
	value TEXT NOT NULL,
	remote_ms BIGINT,
	seen_ms BIGINT DEFAULT '0' NOT NULL,
	PRIMARY KEY (entity, uid, field, connection)
)
-- next
CREATE TABLE comment (
	uid VARCHAR(64) COLLATE "C" DEFAULT (gen_random_uuid()::text) NOT NULL,
	rev INTEGER DEFAULT '0' NOT NULL,
	state VARCHAR(16) COLLATE "C" DEFAULT 'live' NOT NULL,
	title TEXT,
	body TEXT,
	parent VARCHAR(80) COLLATE "C",
	author TEXT,
	occurred_at BIGINT,
	internal BOOLEAN,
	extra TEXT,
	meta TEXT,
	created_ms BIGINT DEFAULT '0' NOT NULL,
	updated_ms BIGINT DEFAULT '0' NOT NULL,
	PRIMARY KEY (uid),
	CONSTRAINT ck_comment_state CHECK (state = 'live' OR state = 'archived' OR state = 'deleted' OR state = 'merged')
)
-- next
CREATE INDEX ix_comment_parent ON comment (parent)
-- next
CREATE TABLE connection (
	name VARCHAR(64) COLLATE "C" NOT NULL,
	kind VARCHAR(32) COLLATE "C" DEFAULT '' NOT NULL,
	org_id VARCHAR(128) COLLATE "C" DEFAULT '' NOT NULL,
	org_name TEXT NOT NULL,
	environment VARCHAR(32) COLLATE "C" DEFAULT '' NOT NULL,
	zone VARCHAR(64) COLLATE "C" DEFAULT '' NOT NULL,
	user_id VARCHAR(128) COLLATE "C" DEFAULT '' NOT NULL,
	approved_ms BIGINT,
	stopped TEXT,
	map_hash VARCHAR(128) COLLATE "C" DEFAULT '' NOT NULL,
	retry_at_ms BIGINT DEFAULT '0' NOT NULL,
	PRIMARY KEY (name)
)
-- next
CREATE TABLE contact (
	uid VARCHAR(64) COLLATE "C" DEFAULT (gen_random_uuid()::text) NOT NULL,
	rev INTEGER DEFAULT '0' NOT NULL,
	state VARCHAR(16) COLLATE "C" DEFAULT 'live' NOT NULL,
	key VARCHAR(64) COLLATE "C",
	name TEXT,
	title TEXT,
	email TEXT,
	mobile TEXT,
	phone TEXT,
	description TEXT,
	account VARCHAR(64) COLLATE "C",
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
	CONSTRAINT ck_contact_state CHECK (state = 'live' OR state = 'archived' OR state = 'deleted' OR state = 'merged')
)
-- next
CREATE INDEX ix_contact_account ON contact (account)
-- next
CREATE TABLE dirty (
	seq BIGSERIAL NOT NULL,
	entity VARCHAR(16) COLLATE "C" DEFAULT '' NOT NULL,
	uid VARCHAR(64) COLLATE "C" DEFAULT '' NOT NULL,
	reason VARCHAR(32) COLLATE "C" DEFAULT '' NOT NULL,
	at_ms BIGINT DEFAULT '0' NOT NULL,
	PRIMARY KEY (seq)
)
-- next
CREATE INDEX ix_dirty_uid ON dirty (entity, uid, seq)
-- next
CREATE TABLE feedback (
	uid VARCHAR(64) COLLATE "C" DEFAULT (gen_random_uuid()::text) NOT NULL,
	rev INTEGER DEFAULT '0' NOT NULL,
	state VARCHAR(16) COLLATE "C" DEFAULT 'live' NOT NULL,
	key VARCHAR(64) COLLATE "C",
	subject TEXT,
	body TEXT,
	status TEXT,
	severity TEXT,
	kind TEXT,
	score VARCHAR(64),
	scale TEXT,
	wave TEXT,
	submitted_at BIGINT,
	contact VARCHAR(64) COLLATE "C",
	account VARCHAR(64) COLLATE "C",
	project VARCHAR(64) COLLATE "C",
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
	id BIGSERIAL NOT NULL,
	entity VARCHAR(16) COLLATE "C" DEFAULT '' NOT NULL,
	uid VARCHAR(64) COLLATE "C" DEFAULT '' NOT NULL,
	rule VARCHAR(32) COLLATE "C" DEFAULT '' NOT NULL,
	since DATE,
	severity VARCHAR(8) COLLATE "C" DEFAULT '' NOT NULL,
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
	entity VARCHAR(16) COLLATE "C" NOT NULL,
	key VARCHAR(255) COLLATE "C" NOT NULL,
	side VARCHAR(64) COLLATE "C" NOT NULL,
	ref VARCHAR(128) COLLATE "C" NOT NULL,
	PRIMARY KEY (entity, key, side, ref)
)
-- next
CREATE INDEX ix_identity_ref ON identity (entity, side, ref)
-- next
CREATE TABLE inbox (
	id BIGSERIAL NOT NULL,
	connection VARCHAR(64) COLLATE "C" DEFAULT '' NOT NULL,
	entity VARCHAR(16) COLLATE "C" DEFAULT '' NOT NULL,
	object VARCHAR(128) COLLATE "C" DEFAULT '' NOT NULL,
	remote_id VARCHAR(128) COLLATE "C" DEFAULT '' NOT NULL,
	version VARCHAR(128) COLLATE "C" DEFAULT '' NOT NULL,
	modified_ms BIGINT,
	modified_by VARCHAR(128) COLLATE "C",
	created_ms BIGINT,
	created_by VARCHAR(128) COLLATE "C",
	doc TEXT,
	gone BOOLEAN NOT NULL,
	in_scope BOOLEAN NOT NULL,
	state VARCHAR(16) COLLATE "C" DEFAULT 'new' NOT NULL,
	reason TEXT NOT NULL,
	seen_ms BIGINT DEFAULT '0' NOT NULL,
	PRIMARY KEY (id)
)
-- next
CREATE UNIQUE INDEX ux_inbox_remote ON inbox (connection, remote_id, object)
-- next
CREATE TABLE journal (
	seq BIGINT NOT NULL,
	run_id VARCHAR(64) COLLATE "C" DEFAULT '' NOT NULL,
	at_ms BIGINT DEFAULT '0' NOT NULL,
	kind VARCHAR(32) COLLATE "C" DEFAULT '' NOT NULL,
	entity VARCHAR(16) COLLATE "C" DEFAULT '' NOT NULL,
	uid VARCHAR(64) COLLATE "C" DEFAULT '' NOT NULL,
	connection VARCHAR(64) COLLATE "C" DEFAULT '' NOT NULL,
	remote_id VARCHAR(128) COLLATE "C" DEFAULT '' NOT NULL,
	op_id VARCHAR(64) COLLATE "C" DEFAULT '' NOT NULL,
	who TEXT NOT NULL,
	changes TEXT NOT NULL,
	cause TEXT NOT NULL,
	salt BYTEA,
	digest BYTEA NOT NULL,
	chain BYTEA NOT NULL,
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
	chain BYTEA NOT NULL,
	PRIMARY KEY (id)
)
-- next
CREATE TABLE lease (
	name VARCHAR(32) COLLATE "C" NOT NULL,
	fence BIGINT NOT NULL,
	owner TEXT NOT NULL,
	since_ms BIGINT DEFAULT '0' NOT NULL,
	PRIMARY KEY (name)
)
-- next
CREATE TABLE link (
	id BIGSERIAL NOT NULL,
	entity VARCHAR(16) COLLATE "C" DEFAULT '' NOT NULL,
	uid VARCHAR(64) COLLATE "C" DEFAULT '' NOT NULL,
	connection VARCHAR(64) COLLATE "C" DEFAULT '' NOT NULL,
	object VARCHAR(128) COLLATE "C" DEFAULT '' NOT NULL,
	remote_id VARCHAR(128) COLLATE "C" DEFAULT '' NOT NULL,
	state VARCHAR(16) COLLATE "C" DEFAULT 'live' NOT NULL,
	version VARCHAR(128) COLLATE "C" DEFAULT '' NOT NULL,
	expect_version VARCHAR(128) COLLATE "C",
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
	id BIGSERIAL NOT NULL,
	link_id BIGINT NOT NULL,
	old_remote_id VARCHAR(128) COLLATE "C" DEFAULT '' NOT NULL,
	reason VARCHAR(32) COLLATE "C" DEFAULT '' NOT NULL,
	PRIMARY KEY (id)
)
-- next
CREATE INDEX ix_link_alias_link ON link_alias (link_id)
-- next
CREATE INDEX ix_link_alias_old ON link_alias (old_remote_id)
-- next
CREATE TABLE notice (
	id VARCHAR(64) COLLATE "C" NOT NULL,
	entity VARCHAR(16) COLLATE "C" DEFAULT '' NOT NULL,
	uid VARCHAR(64) COLLATE "C" DEFAULT '' NOT NULL,
	rule VARCHAR(32) COLLATE "C" DEFAULT '' NOT NULL,
	level INTEGER DEFAULT '0' NOT NULL,
	channel VARCHAR(32) COLLATE "C" DEFAULT '' NOT NULL,
	recipient TEXT NOT NULL,
	state VARCHAR(16) COLLATE "C" DEFAULT '' NOT NULL,
	data TEXT NOT NULL,
	at_ms BIGINT DEFAULT '0' NOT NULL,
	PRIMARY KEY (id)
)
-- next
CREATE INDEX ix_notice_uid ON notice (uid)
-- next
CREATE TABLE op (
	id VARCHAR(64) COLLATE "C" NOT NULL,
	run_id VARCHAR(64) COLLATE "C" DEFAULT '' NOT NULL,
	digest VARCHAR(128) COLLATE "C" DEFAULT '' NOT NULL,
	entity VARCHAR(16) COLLATE "C" DEFAULT '' NOT NULL,
	uid VARCHAR(64) COLLATE "C" DEFAULT '' NOT NULL,
	connection VARCHAR(64) COLLATE "C" DEFAULT '' NOT NULL,
	object VARCHAR(128) COLLATE "C" DEFAULT '' NOT NULL,
	action VARCHAR(16) COLLATE "C" DEFAULT '' NOT NULL,
	remote_id VARCHAR(128) COLLATE "C",
	values TEXT NOT NULL,
	hub_values TEXT NOT NULL,
	base TEXT NOT NULL,
	key VARCHAR(255) COLLATE "C",
	state VARCHAR(16) COLLATE "C" DEFAULT 'ready' NOT NULL,
	attempts INTEGER DEFAULT '0' NOT NULL,
	not_before_ms BIGINT DEFAULT '0' NOT NULL,
	first_intent_ms BIGINT,
	steps_done TEXT NOT NULL,
	code VARCHAR(128) COLLATE "C",
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
	id BIGSERIAL NOT NULL,
	op VARCHAR(64) COLLATE "C" DEFAULT '' NOT NULL,
	n INTEGER DEFAULT '0' NOT NULL,
	sent_ms BIGINT DEFAULT '0' NOT NULL,
	answered_ms BIGINT,
	outcome VARCHAR(32) COLLATE "C" DEFAULT '' NOT NULL,
	code VARCHAR(128) COLLATE "C",
	PRIMARY KEY (id)
)
-- next
CREATE INDEX ix_op_attempt_op ON op_attempt (op)
-- next
CREATE TABLE override (
	entity VARCHAR(16) COLLATE "C" NOT NULL,
	uid VARCHAR(64) COLLATE "C" NOT NULL,
	rule VARCHAR(64) COLLATE "C" NOT NULL,
	value TEXT NOT NULL,
	reason TEXT NOT NULL,
	who TEXT NOT NULL,
	at_ms BIGINT DEFAULT '0' NOT NULL,
	until DATE,
	PRIMARY KEY (entity, uid, rule)
)
-- next
CREATE TABLE pause (
	id BIGSERIAL NOT NULL,
	entity VARCHAR(16) COLLATE "C" DEFAULT '' NOT NULL,
	uid VARCHAR(64) COLLATE "C" DEFAULT '' NOT NULL,
	start DATE NOT NULL,
	until DATE,
	reason TEXT NOT NULL,
	who TEXT NOT NULL,
	created_ms BIGINT DEFAULT '0' NOT NULL,
	PRIMARY KEY (id)
)
-- next
CREATE INDEX ix_pause_uid ON pause (uid)
-- next
CREATE TABLE plan_item (
	run_id VARCHAR(64) COLLATE "C" NOT NULL,
	n INTEGER NOT NULL,
	line TEXT NOT NULL,
	PRIMARY KEY (run_id, n)
)
-- next
CREATE TABLE project (
	uid VARCHAR(64) COLLATE "C" DEFAULT (gen_random_uuid()::text) NOT NULL,
	rev INTEGER DEFAULT '0' NOT NULL,
	state VARCHAR(16) COLLATE "C" DEFAULT 'live' NOT NULL,
	key VARCHAR(64) COLLATE "C",
	code TEXT,
	name TEXT,
	contract_no TEXT,
	description TEXT,
	account VARCHAR(64) COLLATE "C",
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
	created_ms BIGINT DEFAULT '0' NOT NULL,
	updated_ms BIGINT DEFAULT '0' NOT NULL,
	PRIMARY KEY (uid),
	CONSTRAINT ck_project_state CHECK (state = 'live' OR state = 'archived' OR state = 'deleted' OR state = 'merged')
)
-- next
CREATE INDEX ix_project_account ON project (account)
-- next
CREATE TABLE quarantine (
	id BIGSERIAL NOT NULL,
	connection VARCHAR(64) COLLATE "C" DEFAULT '' NOT NULL,
	entity VARCHAR(16) COLLATE "C" DEFAULT '' NOT NULL,
	object VARCHAR(128) COLLATE "C" DEFAULT '' NOT NULL,
	subject VARCHAR(128) COLLATE "C" DEFAULT '' NOT NULL,
	remote_id VARCHAR(128) COLLATE "C" DEFAULT '' NOT NULL,
	uid VARCHAR(64) COLLATE "C" DEFAULT '' NOT NULL,
	op_id VARCHAR(64) COLLATE "C" DEFAULT '' NOT NULL,
	code VARCHAR(128) COLLATE "C" DEFAULT '' NOT NULL,
	message TEXT NOT NULL,
	payload TEXT NOT NULL,
	attempts INTEGER DEFAULT '0' NOT NULL,
	first_ms BIGINT DEFAULT '0' NOT NULL,
	last_ms BIGINT DEFAULT '0' NOT NULL,
	retry_ms BIGINT DEFAULT '0' NOT NULL,
	state VARCHAR(16) COLLATE "C" DEFAULT 'open' NOT NULL,
	PRIMARY KEY (id)
)
-- next
CREATE INDEX ix_quarantine_state ON quarantine (state)
-- next
CREATE UNIQUE INDEX ux_quarantine_open ON quarantine (subject, connection, object, code) WHERE state <> 'closed'
-- next
CREATE TABLE report_revision (
	id BIGSERIAL NOT NULL,
	report VARCHAR(64) COLLATE "C" DEFAULT '' NOT NULL,
	subject VARCHAR(128) COLLATE "C" DEFAULT '' NOT NULL,
	digest VARCHAR(128) COLLATE "C" DEFAULT '' NOT NULL,
	doc TEXT NOT NULL,
	at_ms BIGINT DEFAULT '0' NOT NULL,
	PRIMARY KEY (id)
)
-- next
CREATE INDEX ix_report_revision ON report_revision (report, subject)
-- next
CREATE TABLE review (
	id BIGSERIAL NOT NULL,
	kind VARCHAR(16) COLLATE "C" DEFAULT '' NOT NULL,
	entity VARCHAR(16) COLLATE "C" DEFAULT '' NOT NULL,
	uid VARCHAR(64) COLLATE "C" DEFAULT '' NOT NULL,
	connection VARCHAR(64) COLLATE "C" DEFAULT '' NOT NULL,
	object VARCHAR(128) COLLATE "C" DEFAULT '' NOT NULL,
	remote_id VARCHAR(128) COLLATE "C" DEFAULT '' NOT NULL,
	field VARCHAR(128) COLLATE "C" DEFAULT '' NOT NULL,
	data TEXT NOT NULL,
	state VARCHAR(16) COLLATE "C" DEFAULT 'open' NOT NULL,
	resolution TEXT,
	opened_ms BIGINT DEFAULT '0' NOT NULL,
	closed_ms BIGINT,
	run_id VARCHAR(64) COLLATE "C" DEFAULT '' NOT NULL,
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
	id VARCHAR(64) COLLATE "C" NOT NULL,
	kind VARCHAR(16) COLLATE "C" DEFAULT '' NOT NULL,
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
	connection VARCHAR(64) COLLATE "C" NOT NULL,
	object VARCHAR(128) COLLATE "C" NOT NULL,
	hash VARCHAR(128) COLLATE "C" DEFAULT '' NOT NULL,
	doc TEXT NOT NULL,
	at_ms BIGINT DEFAULT '0' NOT NULL,
	PRIMARY KEY (connection, object)
)
-- next
CREATE TABLE secret (
	name VARCHAR(190) COLLATE "C" NOT NULL,
	sealed BYTEA NOT NULL,
	source VARCHAR(190) COLLATE "C" DEFAULT '' NOT NULL,
	at_ms BIGINT DEFAULT '0' NOT NULL,
	PRIMARY KEY (name)
)
-- next
CREATE TABLE stream (
	connection VARCHAR(64) COLLATE "C" NOT NULL,
	entity VARCHAR(16) COLLATE "C" NOT NULL,
	object VARCHAR(128) COLLATE "C" DEFAULT '' NOT NULL,
	watermark TEXT,
	backfilled_ms BIGINT,
	generation INTEGER DEFAULT '0' NOT NULL,
	listed INTEGER DEFAULT '0' NOT NULL,
	map_hash VARCHAR(128) COLLATE "C" DEFAULT '' NOT NULL,
	updated_ms BIGINT DEFAULT '0' NOT NULL,
	PRIMARY KEY (connection, entity)
)
-- next
CREATE TABLE task (
	uid VARCHAR(64) COLLATE "C" DEFAULT (gen_random_uuid()::text) NOT NULL,
	rev INTEGER DEFAULT '0' NOT NULL,
	state VARCHAR(16) COLLATE "C" DEFAULT 'live' NOT NULL,
	key VARCHAR(64) COLLATE "C",
	title TEXT,
	description TEXT,
	status TEXT,
	priority TEXT,
	due DATE,
	kind TEXT,
	stage TEXT,
	owner_side TEXT,
	start DATE,
	project VARCHAR(64) COLLATE "C",
	contact VARCHAR(64) COLLATE "C",
	owner TEXT,
	done_at BIGINT,
	overdue_since DATE,
	severity TEXT,
	extra TEXT,
	meta TEXT,
	created_ms BIGINT DEFAULT '0' NOT NULL,
	updated_ms BIGINT DEFAULT '0' NOT NULL,
	PRIMARY KEY (uid),
	CONSTRAINT ck_task_state CHECK (state = 'live' OR state = 'archived' OR state = 'deleted' OR state = 'merged')
)
-- next
CREATE INDEX ix_task_contact ON task (contact)
-- next
CREATE INDEX ix_task_project ON task (project)
-- next
CREATE TABLE tombstone (
	id BIGSERIAL NOT NULL,
	entity VARCHAR(16) COLLATE "C" DEFAULT '' NOT NULL,
	uid VARCHAR(64) COLLATE "C" DEFAULT '' NOT NULL,
	connection VARCHAR(64) COLLATE "C" DEFAULT '' NOT NULL,
	remote_id VARCHAR(128) COLLATE "C" DEFAULT '' NOT NULL,
	evidence VARCHAR(32) COLLATE "C" DEFAULT '' NOT NULL,
	at_ms BIGINT DEFAULT '0' NOT NULL,
	expires_ms BIGINT,
	PRIMARY KEY (id)
)
-- next
CREATE INDEX ix_tombstone_uid ON tombstone (uid)
-- next
CREATE FUNCTION account_touched() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF TG_OP = 'INSERT' THEN INSERT INTO dirty (entity, uid, reason, at_ms) VALUES ('account', NEW.uid, 'sql_insert', (extract(epoch from clock_timestamp()) * 1000)::bigint); NEW.rev := 1; RETURN NEW; END IF; IF TG_OP = 'DELETE' THEN INSERT INTO dirty (entity, uid, reason, at_ms) VALUES ('account', OLD.uid, 'sql_delete', (extract(epoch from clock_timestamp()) * 1000)::bigint); RETURN OLD; END IF; INSERT INTO dirty (entity, uid, reason, at_ms) VALUES ('account', NEW.uid, 'sql_update', (extract(epoch from clock_timestamp()) * 1000)::bigint); NEW.rev := NEW.rev + 1; IF NEW.uid <> OLD.uid THEN INSERT INTO dirty (entity, uid, reason, at_ms) VALUES ('account', OLD.uid, 'sql_delete', (extract(epoch from clock_timestamp()) * 1000)::bigint); END IF; RETURN NEW; END $$
-- next
CREATE TRIGGER account_inserted BEFORE INSERT ON account FOR EACH ROW WHEN (NEW.rev = 0) EXECUTE FUNCTION account_touched()
-- next
CREATE TRIGGER account_edited BEFORE UPDATE ON account FOR EACH ROW WHEN (NEW.rev = OLD.rev) EXECUTE FUNCTION account_touched()
-- next
CREATE TRIGGER account_deleted BEFORE DELETE ON account FOR EACH ROW WHEN (OLD.rev >= 0) EXECUTE FUNCTION account_touched()
-- next
CREATE FUNCTION contact_touched() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF TG_OP = 'INSERT' THEN INSERT INTO dirty (entity, uid, reason, at_ms) VALUES ('contact', NEW.uid, 'sql_insert', (extract(epoch from clock_timestamp()) * 1000)::bigint); NEW.rev := 1; RETURN NEW; END IF; IF TG_OP = 'DELETE' THEN INSERT INTO dirty (entity, uid, reason, at_ms) VALUES ('contact', OLD.uid, 'sql_delete', (extract(epoch from clock_timestamp()) * 1000)::bigint); RETURN OLD; END IF; INSERT INTO dirty (entity, uid, reason, at_ms) VALUES ('contact', NEW.uid, 'sql_update', (extract(epoch from clock_timestamp()) * 1000)::bigint); NEW.rev := NEW.rev + 1; IF NEW.uid <> OLD.uid THEN INSERT INTO dirty (entity, uid, reason, at_ms) VALUES ('contact', OLD.uid, 'sql_delete', (extract(epoch from clock_timestamp()) * 1000)::bigint); END IF; RETURN NEW; END $$
-- next
CREATE TRIGGER contact_inserted BEFORE INSERT ON contact FOR EACH ROW WHEN (NEW.rev = 0) EXECUTE FUNCTION contact_touched()
-- next
CREATE TRIGGER contact_edited BEFORE UPDATE ON contact FOR EACH ROW WHEN (NEW.rev = OLD.rev) EXECUTE FUNCTION contact_touched()
-- next
CREATE TRIGGER contact_deleted BEFORE DELETE ON contact FOR EACH ROW WHEN (OLD.rev >= 0) EXECUTE FUNCTION contact_touched()
-- next
CREATE FUNCTION project_touched() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF TG_OP = 'INSERT' THEN INSERT INTO dirty (entity, uid, reason, at_ms) VALUES ('project', NEW.uid, 'sql_insert', (extract(epoch from clock_timestamp()) * 1000)::bigint); NEW.rev := 1; RETURN NEW; END IF; IF TG_OP = 'DELETE' THEN INSERT INTO dirty (entity, uid, reason, at_ms) VALUES ('project', OLD.uid, 'sql_delete', (extract(epoch from clock_timestamp()) * 1000)::bigint); RETURN OLD; END IF; INSERT INTO dirty (entity, uid, reason, at_ms) VALUES ('project', NEW.uid, 'sql_update', (extract(epoch from clock_timestamp()) * 1000)::bigint); NEW.rev := NEW.rev + 1; IF NEW.uid <> OLD.uid THEN INSERT INTO dirty (entity, uid, reason, at_ms) VALUES ('project', OLD.uid, 'sql_delete', (extract(epoch from clock_timestamp()) * 1000)::bigint); END IF; RETURN NEW; END $$
-- next
CREATE TRIGGER project_inserted BEFORE INSERT ON project FOR EACH ROW WHEN (NEW.rev = 0) EXECUTE FUNCTION project_touched()
-- next
CREATE TRIGGER project_edited BEFORE UPDATE ON project FOR EACH ROW WHEN (NEW.rev = OLD.rev) EXECUTE FUNCTION project_touched()
-- next
CREATE TRIGGER project_deleted BEFORE DELETE ON project FOR EACH ROW WHEN (OLD.rev >= 0) EXECUTE FUNCTION project_touched()
-- next
CREATE FUNCTION task_touched() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF TG_OP = 'INSERT' THEN INSERT INTO dirty (entity, uid, reason, at_ms) VALUES ('task', NEW.uid, 'sql_insert', (extract(epoch from clock_timestamp()) * 1000)::bigint); NEW.rev := 1; RETURN NEW; END IF; IF TG_OP = 'DELETE' THEN INSERT INTO dirty (entity, uid, reason, at_ms) VALUES ('task', OLD.uid, 'sql_delete', (extract(epoch from clock_timestamp()) * 1000)::bigint); RETURN OLD; END IF; INSERT INTO dirty (entity, uid, reason, at_ms) VALUES ('task', NEW.uid, 'sql_update', (extract(epoch from clock_timestamp()) * 1000)::bigint); NEW.rev := NEW.rev + 1; IF NEW.uid <> OLD.uid THEN INSERT INTO dirty (entity, uid, reason, at_ms) VALUES ('task', OLD.uid, 'sql_delete', (extract(epoch from clock_timestamp()) * 1000)::bigint); END IF; RETURN NEW; END $$
-- next
CREATE TRIGGER task_inserted BEFORE INSERT ON task FOR EACH ROW WHEN (NEW.rev = 0) EXECUTE FUNCTION task_touched()
-- next
CREATE TRIGGER task_edited BEFORE UPDATE ON task FOR EACH ROW WHEN (NEW.rev = OLD.rev) EXECUTE FUNCTION task_touched()
-- next
CREATE TRIGGER task_deleted BEFORE DELETE ON task FOR EACH ROW WHEN (OLD.rev >= 0) EXECUTE FUNCTION task_touched()
-- next
CREATE FUNCTION feedback_touched() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF TG_OP = 'INSERT' THEN INSERT INTO dirty (entity, uid, reason, at_ms) VALUES ('feedback', NEW.uid, 'sql_insert', (extract(epoch from clock_timestamp()) * 1000)::bigint); NEW.rev := 1; RETURN NEW; END IF; IF TG_OP = 'DELETE' THEN INSERT INTO dirty (entity, uid, reason, at_ms) VALUES ('feedback', OLD.uid, 'sql_delete', (extract(epoch from clock_timestamp()) * 1000)::bigint); RETURN OLD; END IF; INSERT INTO dirty (entity, uid, reason, at_ms) VALUES ('feedback', NEW.uid, 'sql_update', (extract(epoch from clock_timestamp()) * 1000)::bigint); NEW.rev := NEW.rev + 1; IF NEW.uid <> OLD.uid THEN INSERT INTO dirty (entity, uid, reason, at_ms) VALUES ('feedback', OLD.uid, 'sql_delete', (extract(epoch from clock_timestamp()) * 1000)::bigint); END IF; RETURN NEW; END $$
-- next
CREATE TRIGGER feedback_inserted BEFORE INSERT ON feedback FOR EACH ROW WHEN (NEW.rev = 0) EXECUTE FUNCTION feedback_touched()
-- next
CREATE TRIGGER feedback_edited BEFORE UPDATE ON feedback FOR EACH ROW WHEN (NEW.rev = OLD.rev) EXECUTE FUNCTION feedback_touched()
-- next
CREATE TRIGGER feedback_deleted BEFORE DELETE ON feedback FOR EACH ROW WHEN (OLD.rev >= 0) EXECUTE FUNCTION feedback_touched()
-- next
CREATE FUNCTION comment_touched() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF TG_OP = 'INSERT' THEN INSERT INTO dirty (entity, uid, reason, at_ms) VALUES ('comment', NEW.uid, 'sql_insert', (extract(epoch from clock_timestamp()) * 1000)::bigint); NEW.rev := 1; RETURN NEW; END IF; IF TG_OP = 'DELETE' THEN INSERT INTO dirty (entity, uid, reason, at_ms) VALUES ('comment', OLD.uid, 'sql_delete', (extract(epoch from clock_timestamp()) * 1000)::bigint); RETURN OLD; END IF; INSERT INTO dirty (entity, uid, reason, at_ms) VALUES ('comment', NEW.uid, 'sql_update', (extract(epoch from clock_timestamp()) * 1000)::bigint); NEW.rev := NEW.rev + 1; IF NEW.uid <> OLD.uid THEN INSERT INTO dirty (entity, uid, reason, at_ms) VALUES ('comment', OLD.uid, 'sql_delete', (extract(epoch from clock_timestamp()) * 1000)::bigint); END IF; RETURN NEW; END $$
-- next
CREATE TRIGGER comment_inserted BEFORE INSERT ON comment FOR EACH ROW WHEN (NEW.rev = 0) EXECUTE FUNCTION comment_touched()
-- next
CREATE TRIGGER comment_edited BEFORE UPDATE ON comment FOR EACH ROW WHEN (NEW.rev = OLD.rev) EXECUTE FUNCTION comment_touched()
-- next
CREATE TRIGGER comment_deleted BEFORE DELETE ON comment FOR EACH ROW WHEN (OLD.rev >= 0) EXECUTE FUNCTION comment_touched()
