CREATE TABLE moved (
	seq BIGSERIAL NOT NULL,
	entity VARCHAR(16) COLLATE "C" DEFAULT '' NOT NULL,
	uid VARCHAR(64) COLLATE "C" DEFAULT '' NOT NULL,
	PRIMARY KEY (seq)
)
-- next
CREATE TABLE supervised (
	id INTEGER NOT NULL,
	ground VARCHAR(64) COLLATE "C" DEFAULT '' NOT NULL,
	now_ms BIGINT DEFAULT '0' NOT NULL,
	stale TEXT NOT NULL,
	PRIMARY KEY (id)
)
-- next
CREATE TABLE verdict (
	entity VARCHAR(16) COLLATE "C" NOT NULL,
	uid VARCHAR(64) COLLATE "C" NOT NULL,
	next_ms BIGINT,
	project VARCHAR(64) COLLATE "C" DEFAULT '' NOT NULL,
	kind VARCHAR(32) COLLATE "C" DEFAULT '' NOT NULL,
	blocks INTEGER DEFAULT '0' NOT NULL,
	tally VARCHAR(190) COLLATE "C" DEFAULT '' NOT NULL,
	listed VARCHAR(16) COLLATE "C" DEFAULT '' NOT NULL,
	severity VARCHAR(8) COLLATE "C" DEFAULT '' NOT NULL,
	obd INTEGER DEFAULT '0' NOT NULL,
	due_eff VARCHAR(10) COLLATE "C" DEFAULT '' NOT NULL,
	PRIMARY KEY (entity, uid)
)
-- next
CREATE INDEX ix_verdict_next ON verdict (entity, next_ms, uid)
-- next
CREATE INDEX ix_verdict_project ON verdict (project)
-- next
CREATE FUNCTION task_moved_touched() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF TG_OP <> 'DELETE' THEN INSERT INTO moved (entity, uid) VALUES ('task', NEW.uid); END IF; IF TG_OP = 'DELETE' THEN INSERT INTO moved (entity, uid) VALUES ('task', OLD.uid); ELSIF TG_OP = 'UPDATE' AND NEW.uid <> OLD.uid THEN INSERT INTO moved (entity, uid) VALUES ('task', OLD.uid); END IF; RETURN NULL; END $$
-- next
CREATE TRIGGER task_moved_in AFTER INSERT OR DELETE ON "task" FOR EACH ROW EXECUTE FUNCTION task_moved_touched()
-- next
CREATE TRIGGER task_moved_on AFTER UPDATE ON "task" FOR EACH ROW WHEN (NEW.rev IS DISTINCT FROM OLD.rev OR NEW.uid <> OLD.uid) EXECUTE FUNCTION task_moved_touched()
-- next
CREATE FUNCTION project_moved_touched() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF TG_OP <> 'DELETE' THEN INSERT INTO moved (entity, uid) VALUES ('project', NEW.uid); END IF; IF TG_OP = 'DELETE' THEN INSERT INTO moved (entity, uid) VALUES ('project', OLD.uid); ELSIF TG_OP = 'UPDATE' AND NEW.uid <> OLD.uid THEN INSERT INTO moved (entity, uid) VALUES ('project', OLD.uid); END IF; RETURN NULL; END $$
-- next
CREATE TRIGGER project_moved_in AFTER INSERT OR DELETE ON "project" FOR EACH ROW EXECUTE FUNCTION project_moved_touched()
-- next
CREATE TRIGGER project_moved_on AFTER UPDATE ON "project" FOR EACH ROW WHEN (NEW.rev IS DISTINCT FROM OLD.rev OR NEW.uid <> OLD.uid) EXECUTE FUNCTION project_moved_touched()
-- next
CREATE FUNCTION project_site_touched() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF TG_OP <> 'DELETE' THEN INSERT INTO moved (entity, uid) VALUES ('site', NEW.uid); END IF; IF TG_OP = 'DELETE' THEN INSERT INTO moved (entity, uid) VALUES ('site', OLD.uid); ELSIF TG_OP = 'UPDATE' AND NEW.uid <> OLD.uid THEN INSERT INTO moved (entity, uid) VALUES ('site', OLD.uid); END IF; RETURN NULL; END $$
-- next
CREATE TRIGGER project_site_in AFTER INSERT OR DELETE ON "project" FOR EACH ROW EXECUTE FUNCTION project_site_touched()
-- next
CREATE TRIGGER project_site_on AFTER UPDATE ON "project" FOR EACH ROW WHEN (NEW.account IS DISTINCT FROM OLD.account OR NEW.zone IS DISTINCT FROM OLD.zone OR NEW.calendar IS DISTINCT FROM OLD.calendar OR NEW.name IS DISTINCT FROM OLD.name OR NEW.key IS DISTINCT FROM OLD.key OR NEW.contract_no IS DISTINCT FROM OLD.contract_no OR NEW.code IS DISTINCT FROM OLD.code OR NEW.uid <> OLD.uid) EXECUTE FUNCTION project_site_touched()
-- next
CREATE FUNCTION contact_moved_touched() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF TG_OP <> 'DELETE' THEN INSERT INTO moved (entity, uid) VALUES ('contact', NEW.uid); END IF; IF TG_OP = 'DELETE' THEN INSERT INTO moved (entity, uid) VALUES ('contact', OLD.uid); ELSIF TG_OP = 'UPDATE' AND NEW.uid <> OLD.uid THEN INSERT INTO moved (entity, uid) VALUES ('contact', OLD.uid); END IF; RETURN NULL; END $$
-- next
CREATE TRIGGER contact_moved_in AFTER INSERT OR DELETE ON "contact" FOR EACH ROW EXECUTE FUNCTION contact_moved_touched()
-- next
CREATE TRIGGER contact_moved_on AFTER UPDATE ON "contact" FOR EACH ROW WHEN (NEW.account IS DISTINCT FROM OLD.account OR NEW.zone IS DISTINCT FROM OLD.zone OR NEW.calendar IS DISTINCT FROM OLD.calendar OR NEW.uid <> OLD.uid) EXECUTE FUNCTION contact_moved_touched()
-- next
CREATE FUNCTION account_moved_touched() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF TG_OP <> 'DELETE' THEN INSERT INTO moved (entity, uid) VALUES ('account', NEW.uid); END IF; IF TG_OP = 'DELETE' THEN INSERT INTO moved (entity, uid) VALUES ('account', OLD.uid); ELSIF TG_OP = 'UPDATE' AND NEW.uid <> OLD.uid THEN INSERT INTO moved (entity, uid) VALUES ('account', OLD.uid); END IF; RETURN NULL; END $$
-- next
CREATE TRIGGER account_moved_in AFTER INSERT OR DELETE ON "account" FOR EACH ROW EXECUTE FUNCTION account_moved_touched()
-- next
CREATE TRIGGER account_moved_on AFTER UPDATE ON "account" FOR EACH ROW WHEN (NEW.country IS DISTINCT FROM OLD.country OR NEW.zone IS DISTINCT FROM OLD.zone OR NEW.calendar IS DISTINCT FROM OLD.calendar OR NEW.name IS DISTINCT FROM OLD.name OR NEW.key IS DISTINCT FROM OLD.key OR NEW.uid <> OLD.uid) EXECUTE FUNCTION account_moved_touched()
-- next
CREATE FUNCTION pause_moved_touched() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF TG_OP <> 'DELETE' THEN INSERT INTO moved (entity, uid) VALUES (NEW.entity, NEW.uid); END IF; IF TG_OP = 'DELETE' THEN INSERT INTO moved (entity, uid) VALUES (OLD.entity, OLD.uid); ELSIF TG_OP = 'UPDATE' AND NEW.uid <> OLD.uid THEN INSERT INTO moved (entity, uid) VALUES (OLD.entity, OLD.uid); END IF; RETURN NULL; END $$
-- next
CREATE TRIGGER pause_moved_in AFTER INSERT OR DELETE ON "pause" FOR EACH ROW EXECUTE FUNCTION pause_moved_touched()
-- next
CREATE TRIGGER pause_moved_on AFTER UPDATE ON "pause" FOR EACH ROW EXECUTE FUNCTION pause_moved_touched()
-- next
CREATE FUNCTION claim_moved_touched() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF TG_OP <> 'DELETE' THEN INSERT INTO moved (entity, uid) VALUES (NEW.entity, NEW.uid); END IF; IF TG_OP = 'DELETE' THEN INSERT INTO moved (entity, uid) VALUES (OLD.entity, OLD.uid); ELSIF TG_OP = 'UPDATE' AND NEW.uid <> OLD.uid THEN INSERT INTO moved (entity, uid) VALUES (OLD.entity, OLD.uid); END IF; RETURN NULL; END $$
-- next
CREATE TRIGGER claim_moved_in AFTER INSERT OR DELETE ON "claim" FOR EACH ROW EXECUTE FUNCTION claim_moved_touched()
-- next
CREATE TRIGGER claim_moved_on AFTER UPDATE ON "claim" FOR EACH ROW EXECUTE FUNCTION claim_moved_touched()
-- next
CREATE FUNCTION override_moved_touched() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF TG_OP <> 'DELETE' THEN INSERT INTO moved (entity, uid) VALUES (NEW.entity, NEW.uid); END IF; IF TG_OP = 'DELETE' THEN INSERT INTO moved (entity, uid) VALUES (OLD.entity, OLD.uid); ELSIF TG_OP = 'UPDATE' AND NEW.uid <> OLD.uid THEN INSERT INTO moved (entity, uid) VALUES (OLD.entity, OLD.uid); END IF; RETURN NULL; END $$
-- next
CREATE TRIGGER override_moved_in AFTER INSERT OR DELETE ON "override" FOR EACH ROW EXECUTE FUNCTION override_moved_touched()
-- next
CREATE TRIGGER override_moved_on AFTER UPDATE ON "override" FOR EACH ROW EXECUTE FUNCTION override_moved_touched()
-- next
CREATE FUNCTION review_moved_touched() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF TG_OP <> 'DELETE' THEN INSERT INTO moved (entity, uid) VALUES (NEW.entity, NEW.uid); END IF; IF TG_OP = 'DELETE' THEN INSERT INTO moved (entity, uid) VALUES (OLD.entity, OLD.uid); ELSIF TG_OP = 'UPDATE' AND NEW.uid <> OLD.uid THEN INSERT INTO moved (entity, uid) VALUES (OLD.entity, OLD.uid); END IF; RETURN NULL; END $$
-- next
CREATE TRIGGER review_moved_in AFTER INSERT OR DELETE ON "review" FOR EACH ROW EXECUTE FUNCTION review_moved_touched()
-- next
CREATE TRIGGER review_moved_on AFTER UPDATE ON "review" FOR EACH ROW EXECUTE FUNCTION review_moved_touched()
-- next
CREATE FUNCTION ball_event_moved_touched() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF TG_OP <> 'DELETE' THEN INSERT INTO moved (entity, uid) VALUES (NEW.entity, NEW.uid); END IF; IF TG_OP = 'DELETE' THEN INSERT INTO moved (entity, uid) VALUES (OLD.entity, OLD.uid); ELSIF TG_OP = 'UPDATE' AND NEW.uid <> OLD.uid THEN INSERT INTO moved (entity, uid) VALUES (OLD.entity, OLD.uid); END IF; RETURN NULL; END $$
-- next
CREATE TRIGGER ball_event_moved_in AFTER INSERT OR DELETE ON "ball_event" FOR EACH ROW EXECUTE FUNCTION ball_event_moved_touched()
-- next
CREATE FUNCTION act_moved_touched() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF TG_OP <> 'DELETE' THEN INSERT INTO moved (entity, uid) VALUES (NEW.entity, NEW.uid); END IF; IF TG_OP = 'DELETE' THEN INSERT INTO moved (entity, uid) VALUES (OLD.entity, OLD.uid); ELSIF TG_OP = 'UPDATE' AND NEW.uid <> OLD.uid THEN INSERT INTO moved (entity, uid) VALUES (OLD.entity, OLD.uid); END IF; RETURN NULL; END $$
-- next
CREATE TRIGGER act_moved_in AFTER INSERT OR DELETE ON "act" FOR EACH ROW EXECUTE FUNCTION act_moved_touched()
