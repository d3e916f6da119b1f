CREATE TABLE moved (
	seq BIGINT NOT NULL AUTO_INCREMENT,
	entity VARCHAR(16) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	uid VARCHAR(64) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	PRIMARY KEY (seq)
)
-- next
CREATE TABLE supervised (
	id INTEGER NOT NULL,
	ground VARCHAR(64) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	now_ms BIGINT NOT NULL DEFAULT '0',
	stale LONGTEXT NOT NULL,
	PRIMARY KEY (id)
)
-- next
CREATE TABLE verdict (
	entity VARCHAR(16) COLLATE utf8mb4_bin NOT NULL,
	uid VARCHAR(64) COLLATE utf8mb4_bin NOT NULL,
	next_ms BIGINT,
	project VARCHAR(64) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	kind VARCHAR(32) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	blocks INTEGER NOT NULL DEFAULT '0',
	tally VARCHAR(190) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	listed VARCHAR(16) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	severity VARCHAR(8) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	obd INTEGER NOT NULL DEFAULT '0',
	due_eff VARCHAR(10) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	PRIMARY KEY (entity, uid)
)
-- next
CREATE INDEX ix_verdict_next ON verdict (entity, next_ms, uid)
-- next
CREATE INDEX ix_verdict_project ON verdict (project)
-- next
CREATE TRIGGER task_moved_in AFTER INSERT ON `task` FOR EACH ROW BEGIN INSERT INTO moved (entity, uid) VALUES ('task', NEW.uid); END
-- next
CREATE TRIGGER task_moved_on AFTER UPDATE ON `task` FOR EACH ROW BEGIN IF NOT (NEW.rev <=> OLD.rev) OR NEW.uid <> OLD.uid THEN INSERT INTO moved (entity, uid) VALUES ('task', NEW.uid); END IF; IF NEW.uid <> OLD.uid THEN INSERT INTO moved (entity, uid) VALUES ('task', OLD.uid); END IF; END
-- next
CREATE TRIGGER task_moved_out AFTER DELETE ON `task` FOR EACH ROW BEGIN INSERT INTO moved (entity, uid) VALUES ('task', OLD.uid); END
-- next
CREATE TRIGGER project_moved_in AFTER INSERT ON `project` FOR EACH ROW BEGIN INSERT INTO moved (entity, uid) VALUES ('project', NEW.uid); END
-- next
CREATE TRIGGER project_moved_on AFTER UPDATE ON `project` FOR EACH ROW BEGIN IF NOT (NEW.rev <=> OLD.rev) OR NEW.uid <> OLD.uid THEN INSERT INTO moved (entity, uid) VALUES ('project', NEW.uid); END IF; IF NEW.uid <> OLD.uid THEN INSERT INTO moved (entity, uid) VALUES ('project', OLD.uid); END IF; END
-- next
CREATE TRIGGER project_moved_out AFTER DELETE ON `project` FOR EACH ROW BEGIN INSERT INTO moved (entity, uid) VALUES ('project', OLD.uid); END
-- next
CREATE TRIGGER project_site_in AFTER INSERT ON `project` FOR EACH ROW BEGIN INSERT INTO moved (entity, uid) VALUES ('site', NEW.uid); END
-- next
CREATE TRIGGER project_site_on AFTER UPDATE ON `project` FOR EACH ROW BEGIN IF NOT (NEW.account <=> OLD.account) OR NOT (NEW.zone <=> OLD.zone) OR NOT (NEW.calendar <=> OLD.calendar) OR NOT (NEW.name <=> OLD.name) OR NOT (NEW.key <=> OLD.key) OR NOT (NEW.contract_no <=> OLD.contract_no) OR NOT (NEW.code <=> OLD.code) OR NEW.uid <> OLD.uid THEN INSERT INTO moved (entity, uid) VALUES ('site', NEW.uid); END IF; IF NEW.uid <> OLD.uid THEN INSERT INTO moved (entity, uid) VALUES ('site', OLD.uid); END IF; END
-- next
CREATE TRIGGER project_site_out AFTER DELETE ON `project` FOR EACH ROW BEGIN INSERT INTO moved (entity, uid) VALUES ('site', OLD.uid); END
-- next
CREATE TRIGGER contact_moved_in AFTER INSERT ON `contact` FOR EACH ROW BEGIN INSERT INTO moved (entity, uid) VALUES ('contact', NEW.uid); END
-- next
CREATE TRIGGER contact_moved_on AFTER UPDATE ON `contact` FOR EACH ROW BEGIN IF NOT (NEW.account <=> OLD.account) OR NOT (NEW.zone <=> OLD.zone) OR NOT (NEW.calendar <=> OLD.calendar) OR NEW.uid <> OLD.uid THEN INSERT INTO moved (entity, uid) VALUES ('contact', NEW.uid); END IF; IF NEW.uid <> OLD.uid THEN INSERT INTO moved (entity, uid) VALUES ('contact', OLD.uid); END IF; END
-- next
CREATE TRIGGER contact_moved_out AFTER DELETE ON `contact` FOR EACH ROW BEGIN INSERT INTO moved (entity, uid) VALUES ('contact', OLD.uid); END
-- next
CREATE TRIGGER account_moved_in AFTER INSERT ON `account` FOR EACH ROW BEGIN INSERT INTO moved (entity, uid) VALUES ('account', NEW.uid); END
-- next
CREATE TRIGGER account_moved_on AFTER UPDATE ON `account` FOR EACH ROW BEGIN IF NOT (NEW.country <=> OLD.country) OR NOT (NEW.zone <=> OLD.zone) OR NOT (NEW.calendar <=> OLD.calendar) OR NOT (NEW.name <=> OLD.name) OR NOT (NEW.key <=> OLD.key) OR NEW.uid <> OLD.uid THEN INSERT INTO moved (entity, uid) VALUES ('account', NEW.uid); END IF; IF NEW.uid <> OLD.uid THEN INSERT INTO moved (entity, uid) VALUES ('account', OLD.uid); END IF; END
-- next
CREATE TRIGGER account_moved_out AFTER DELETE ON `account` FOR EACH ROW BEGIN INSERT INTO moved (entity, uid) VALUES ('account', OLD.uid); END
-- next
CREATE TRIGGER pause_moved_in AFTER INSERT ON `pause` FOR EACH ROW BEGIN INSERT INTO moved (entity, uid) VALUES (NEW.entity, NEW.uid); END
-- next
CREATE TRIGGER pause_moved_on AFTER UPDATE ON `pause` FOR EACH ROW BEGIN IF TRUE OR NEW.uid <> OLD.uid THEN INSERT INTO moved (entity, uid) VALUES (NEW.entity, NEW.uid); END IF; IF NEW.uid <> OLD.uid THEN INSERT INTO moved (entity, uid) VALUES (OLD.entity, OLD.uid); END IF; END
-- next
CREATE TRIGGER pause_moved_out AFTER DELETE ON `pause` FOR EACH ROW BEGIN INSERT INTO moved (entity, uid) VALUES (OLD.entity, OLD.uid); END
-- next
CREATE TRIGGER claim_moved_in AFTER INSERT ON `claim` FOR EACH ROW BEGIN INSERT INTO moved (entity, uid) VALUES (NEW.entity, NEW.uid); END
-- next
CREATE TRIGGER claim_moved_on AFTER UPDATE ON `claim` FOR EACH ROW BEGIN IF TRUE OR NEW.uid <> OLD.uid THEN INSERT INTO moved (entity, uid) VALUES (NEW.entity, NEW.uid); END IF; IF NEW.uid <> OLD.uid THEN INSERT INTO moved (entity, uid) VALUES (OLD.entity, OLD.uid); END IF; END
-- next
CREATE TRIGGER claim_moved_out AFTER DELETE ON `claim` FOR EACH ROW BEGIN INSERT INTO moved (entity, uid) VALUES (OLD.entity, OLD.uid); END
-- next
CREATE TRIGGER override_moved_in AFTER INSERT ON `override` FOR EACH ROW BEGIN INSERT INTO moved (entity, uid) VALUES (NEW.entity, NEW.uid); END
-- next
CREATE TRIGGER override_moved_on AFTER UPDATE ON `override` FOR EACH ROW BEGIN IF TRUE OR NEW.uid <> OLD.uid THEN INSERT INTO moved (entity, uid) VALUES (NEW.entity, NEW.uid); END IF; IF NEW.uid <> OLD.uid THEN INSERT INTO moved (entity, uid) VALUES (OLD.entity, OLD.uid); END IF; END
-- next
CREATE TRIGGER override_moved_out AFTER DELETE ON `override` FOR EACH ROW BEGIN INSERT INTO moved (entity, uid) VALUES (OLD.entity, OLD.uid); END
-- next
CREATE TRIGGER review_moved_in AFTER INSERT ON `review` FOR EACH ROW BEGIN INSERT INTO moved (entity, uid) VALUES (NEW.entity, NEW.uid); END
-- next
CREATE TRIGGER review_moved_on AFTER UPDATE ON `review` FOR EACH ROW BEGIN IF TRUE OR NEW.uid <> OLD.uid THEN INSERT INTO moved (entity, uid) VALUES (NEW.entity, NEW.uid); END IF; IF NEW.uid <> OLD.uid THEN INSERT INTO moved (entity, uid) VALUES (OLD.entity, OLD.uid); END IF; END
-- next
CREATE TRIGGER review_moved_out AFTER DELETE ON `review` FOR EACH ROW BEGIN INSERT INTO moved (entity, uid) VALUES (OLD.entity, OLD.uid); END
-- next
CREATE TRIGGER ball_event_moved_in AFTER INSERT ON `ball_event` FOR EACH ROW BEGIN INSERT INTO moved (entity, uid) VALUES (NEW.entity, NEW.uid); END
-- next
CREATE TRIGGER ball_event_moved_out AFTER DELETE ON `ball_event` FOR EACH ROW BEGIN INSERT INTO moved (entity, uid) VALUES (OLD.entity, OLD.uid); END
-- next
CREATE TRIGGER act_moved_in AFTER INSERT ON `act` FOR EACH ROW BEGIN INSERT INTO moved (entity, uid) VALUES (NEW.entity, NEW.uid); END
-- next
CREATE TRIGGER act_moved_out AFTER DELETE ON `act` FOR EACH ROW BEGIN INSERT INTO moved (entity, uid) VALUES (OLD.entity, OLD.uid); END
