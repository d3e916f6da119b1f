"""Ways to tell a person something: group robots, mail, a webhook, the messages of a CRM, a folder."""
