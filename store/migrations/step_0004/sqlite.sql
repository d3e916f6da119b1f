CREATE TABLE moved (
	seq INTEGER NOT NULL,
	entity VARCHAR(16) DEFAULT '' NOT NULL,
	uid VARCHAR(64) DEFAULT '' NOT NULL,
	PRIMARY KEY (seq)
)
-- next
CREATE TABLE supervised (
	id INTEGER NOT NULL,
	ground VARCHAR(64) DEFAULT '' NOT NULL,
	now_ms BIGINT DEFAULT '0' NOT NULL,
	stale TEXT NOT NULL,
	PRIMARY KEY (id)
)
-- next
CREATE TABLE verdict (
	entity VARCHAR(16) NOT NULL,
	uid VARCHAR(64) NOT NULL,
	next_ms BIGINT,
	project VARCHAR(64) DEFAULT '' NOT NULL,
	kind VARCHAR(32) DEFAULT '' NOT NULL,
	blocks INTEGER DEFAULT '0' NOT NULL,
	tally VARCHAR(190) DEFAULT '' NOT NULL,
	listed VARCHAR(16) DEFAULT '' NOT NULL,
	severity VARCHAR(8) DEFAULT '' NOT NULL,
	obd INTEGER DEFAULT '0' NOT NULL,
	due_eff VARCHAR(10) DEFAULT '' NOT NULL,
	PRIMARY KEY (entity, uid)
)
 WITHOUT ROWID
-- next
CREATE INDEX ix_verdict_next ON verdict (entity, next_ms, uid)
-- next
CREATE INDEX ix_verdict_project ON verdict (project)
-- next
CREATE TRIGGER task_moved_in AFTER INSERT ON "task" BEGIN INSERT INTO moved (entity, uid) VALUES ('task', NEW.uid); END
-- next
CREATE TRIGGER task_moved_on AFTER UPDATE ON "task" WHEN NEW.rev IS NOT OLD.rev BEGIN INSERT INTO moved (entity, uid) VALUES ('task', NEW.uid); END
-- next
CREATE TRIGGER task_moved_as AFTER UPDATE OF uid ON "task" WHEN NEW.uid <> OLD.uid BEGIN INSERT INTO moved (entity, uid) VALUES ('task', NEW.uid); INSERT INTO moved (entity, uid) VALUES ('task', OLD.uid); END
-- next
CREATE TRIGGER task_moved_out AFTER DELETE ON "task" BEGIN INSERT INTO moved (entity, uid) VALUES ('task', OLD.uid); END
-- next
CREATE TRIGGER project_moved_in AFTER INSERT ON "project" BEGIN INSERT INTO moved (entity, uid) VALUES ('project', NEW.uid); END
-- next
CREATE TRIGGER project_moved_on AFTER UPDATE ON "project" WHEN NEW.rev IS NOT OLD.rev BEGIN INSERT INTO moved (entity, uid) VALUES ('project', NEW.uid); END
-- next
CREATE TRIGGER project_moved_as AFTER UPDATE OF uid ON "project" WHEN NEW.uid <> OLD.uid BEGIN INSERT INTO moved (entity, uid) VALUES ('project', NEW.uid); INSERT INTO moved (entity, uid) VALUES ('project', OLD.uid); END
-- next
CREATE TRIGGER project_moved_out AFTER DELETE ON "project" BEGIN INSERT INTO moved (entity, uid) VALUES ('project', OLD.uid); END
-- next
CREATE TRIGGER project_site_in AFTER INSERT ON "project" BEGIN INSERT INTO moved (entity, uid) VALUES ('site', NEW.uid); END
-- next
CREATE TRIGGER project_site_on AFTER UPDATE ON "project" WHEN NEW.account IS NOT OLD.account OR NEW.zone IS NOT OLD.zone OR NEW.calendar IS NOT OLD.calendar OR NEW.name IS NOT OLD.name OR NEW.key IS NOT OLD.key OR NEW.contract_no IS NOT OLD.contract_no OR NEW.code IS NOT OLD.code BEGIN INSERT INTO moved (entity, uid) VALUES ('site', NEW.uid); END
-- next
CREATE TRIGGER project_site_as AFTER UPDATE OF uid ON "project" WHEN NEW.uid <> OLD.uid BEGIN INSERT INTO moved (entity, uid) VALUES ('site', NEW.uid); INSERT INTO moved (entity, uid) VALUES ('site', OLD.uid); END
-- next
CREATE TRIGGER project_site_out AFTER DELETE ON "project" BEGIN INSERT INTO moved (entity, uid) VALUES ('site', OLD.uid); END
-- next
CREATE TRIGGER contact_moved_in AFTER INSERT ON "contact" BEGIN INSERT INTO moved (entity, uid) VALUES ('contact', NEW.uid); END
-- next
CREATE TRIGGER contact_moved_on AFTER UPDATE ON "contact" WHEN NEW.account IS NOT OLD.account OR NEW.zone IS NOT OLD.zone OR NEW.calendar IS NOT OLD.calendar BEGIN INSERT INTO moved (entity, uid) VALUES ('contact', NEW.uid); END
-- next
CREATE TRIGGER contact_moved_as AFTER UPDATE OF uid ON "contact" WHEN NEW.uid <> OLD.uid BEGIN INSERT INTO moved (entity, uid) VALUES ('contact', NEW.uid); INSERT INTO moved (entity, uid) VALUES ('contact', OLD.uid); END
-- next
CREATE TRIGGER contact_moved_out AFTER DELETE ON "contact" BEGIN INSERT INTO moved (entity, uid) VALUES ('contact', OLD.uid); END
-- next
CREATE TRIGGER account_moved_in AFTER INSERT ON "account" BEGIN INSERT INTO moved (entity, uid) VALUES ('account', NEW.uid); END
-- next
CREATE TRIGGER account_moved_on AFTER UPDATE ON "account" WHEN NEW.country IS NOT OLD.country OR NEW.zone IS NOT OLD.zone OR NEW.calendar IS NOT OLD.calendar OR NEW.name IS NOT OLD.name OR NEW.key IS NOT OLD.key BEGIN INSERT INTO moved (entity, uid) VALUES ('account', NEW.uid); END
-- next
CREATE TRIGGER account_moved_as AFTER UPDATE OF uid ON "account" WHEN NEW.uid <> OLD.uid BEGIN INSERT INTO moved (entity, uid) VALUES ('account', NEW.uid); INSERT INTO moved (entity, uid) VALUES ('account', OLD.uid); END
-- next
CREATE TRIGGER account_moved_out AFTER DELETE ON "account" BEGIN INSERT INTO moved (entity, uid) VALUES ('account', OLD.uid); END
-- next
CREATE TRIGGER pause_moved_in AFTER INSERT ON "pause" BEGIN INSERT INTO moved (entity, uid) VALUES (NEW.entity, NEW.uid); END
-- next
CREATE TRIGGER pause_moved_on AFTER UPDATE ON "pause" BEGIN INSERT INTO moved (entity, uid) VALUES (NEW.entity, NEW.uid); END
-- next
CREATE TRIGGER pause_moved_as AFTER UPDATE OF uid ON "pause" WHEN NEW.uid <> OLD.uid BEGIN INSERT INTO moved (entity, uid) VALUES (NEW.entity, NEW.uid); INSERT INTO moved (entity, uid) VALUES (OLD.entity, OLD.uid); END
-- next
CREATE TRIGGER pause_moved_out AFTER DELETE ON "pause" BEGIN INSERT INTO moved (entity, uid) VALUES (OLD.entity, OLD.uid); END
-- next
CREATE TRIGGER claim_moved_in AFTER INSERT ON "claim" BEGIN INSERT INTO moved (entity, uid) VALUES (NEW.entity, NEW.uid); END
-- next
CREATE TRIGGER claim_moved_on AFTER UPDATE ON "claim" BEGIN INSERT INTO moved (entity, uid) VALUES (NEW.entity, NEW.uid); END
-- next
CREATE TRIGGER claim_moved_as AFTER UPDATE OF uid ON "claim" WHEN NEW.uid <> OLD.uid BEGIN INSERT INTO moved (entity, uid) VALUES (NEW.entity, NEW.uid); INSERT INTO moved (entity, uid) VALUES (OLD.entity, OLD.uid); END
-- next
CREATE TRIGGER claim_moved_out AFTER DELETE ON "claim" BEGIN INSERT INTO moved (entity, uid) VALUES (OLD.entity, OLD.uid); END
-- next
CREATE TRIGGER override_moved_in AFTER INSERT ON "override" BEGIN INSERT INTO moved (entity, uid) VALUES (NEW.entity, NEW.uid); END
-- next
CREATE TRIGGER override_moved_on AFTER UPDATE ON "override" BEGIN INSERT INTO moved (entity, uid) VALUES (NEW.entity, NEW.uid); END
-- next
CREATE TRIGGER override_moved_as AFTER UPDATE OF uid ON "override" WHEN NEW.uid <> OLD.uid BEGIN INSERT INTO moved (entity, uid) VALUES (NEW.entity, NEW.uid); INSERT INTO moved (entity, uid) VALUES (OLD.entity, OLD.uid); END
-- next
CREATE TRIGGER override_moved_out AFTER DELETE ON "override" BEGIN INSERT INTO moved (entity, uid) VALUES (OLD.entity, OLD.uid); END
-- next
CREATE TRIGGER review_moved_in AFTER INSERT ON "review" BEGIN INSERT INTO moved (entity, uid) VALUES (NEW.entity, NEW.uid); END
-- next
CREATE TRIGGER review_moved_on AFTER UPDATE ON "review" BEGIN INSERT INTO moved (entity, uid) VALUES (NEW.entity, NEW.uid); END
-- next
CREATE TRIGGER review_moved_as AFTER UPDATE OF uid ON "review" WHEN NEW.uid <> OLD.uid BEGIN INSERT INTO moved (entity, uid) VALUES (NEW.entity, NEW.uid); INSERT INTO moved (entity, uid) VALUES (OLD.entity, OLD.uid); END
-- next
CREATE TRIGGER review_moved_out AFTER DELETE ON "review" BEGIN INSERT INTO moved (entity, uid) VALUES (OLD.entity, OLD.uid); END
-- next
CREATE TRIGGER ball_event_moved_in AFTER INSERT ON "ball_event" BEGIN INSERT INTO moved (entity, uid) VALUES (NEW.entity, NEW.uid); END
-- next
CREATE TRIGGER ball_event_moved_out AFTER DELETE ON "ball_event" BEGIN INSERT INTO moved (entity, uid) VALUES (OLD.entity, OLD.uid); END
-- next
CREATE TRIGGER act_moved_in AFTER INSERT ON "act" BEGIN INSERT INTO moved (entity, uid) VALUES (NEW.entity, NEW.uid); END
-- next
CREATE TRIGGER act_moved_out AFTER DELETE ON "act" BEGIN INSERT INTO moved (entity, uid) VALUES (OLD.entity, OLD.uid); END
