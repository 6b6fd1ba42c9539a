#include "mailbox_admin.h"

#include "address.h"
#include "fiber.h"
#include "index.h"
#include "index_check.h"
#include "log.h"
#include "mailbox_drop.h"
#include "mailbox_owners.h"
#include "server.h"
#include "uidl_import.h"
#include "worked.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* What is worked on. */
struct task {
	struct request *request;
	struct owner owner;
	struct drop *drop;
	struct worked worked;
	struct packet fields; /* of the answer */
};

static void
refuse(struct request **q, const char *why)
{
	struct packet fields;

	packet_init(&fields, 0);
	packet_put_text(&fields, why);
	request_reply(q, PACKET_REFUSED, &fields);
	packet_free(&fields);
}

/* Holds the mailbox: 0; 1 where the answer was given; -1 where the request is
 * malformed. */
static int
begin(struct task *t, struct request *q)
{
	char name[WIRE_NAME_MAX];
	enum mailbox_result result;
	unsigned helper;
	struct address a;

	packet_get_text(&q->packet, name, sizeof(name));
	if (packet_end(&q->packet) == -1)
		return -1;
	t->request = q;
	/* As sessions and deliveries know it. */
	if (address_parse(name, &a) == ADDRESS_OK)
		address_name(&a, name);
	result = mailbox_owners_find(name, &t->owner);
	if (result == MAILBOX_NO_BOX)
		refuse(&q, "no such mailbox");
	else if (result != MAILBOX_OK)
		request_reply(&q, PACKET_TEMPORARY, NULL);
	else if (!mailbox_owners_is_ours(&t->owner, &helper))
		mailbox_owners_redirect(&q, helper);
	else if ((t->drop = mailbox_drop_hold(q, name, &t->owner)) == NULL)
		refuse(&q, errno == EBUSY
			       ? "a session has the mailbox: try again later"
			       : strerror(errno));
	packet_init(&t->fields, 0);
	if (t->drop == NULL)
		return 1;
	worked_watch(&t->worked, packet_take_fd(&q->packet));
	return 0;
}

/* Answers: result 0, or -1 with errno. */
static void
finish(struct task *t, int result, const char *what)
{
	char why[200];
	int code = errno;

	worked_ignore(&t->worked);
	/* Before the answer, after which the peer may be no more. */
	mailbox_drop_release(&t->drop);
	if (result == 0) {
		request_reply(&t->request, PACKET_OK, &t->fields);
	} else {
		snprintf(why, sizeof(why), "%s: %s", what, strerror(code));
		refuse(&t->request, why);
	}
	packet_free(&t->fields);
}

int
answer_box_list(struct request *q)
{
	struct task t = {.drop = NULL};
	struct index_view v = {.fd = -1};
	int result = begin(&t, q);

	if (result != 0)
		return result == -1 ? -1 : 0;
	result = index_open(&t.owner, &v);
	if (result == 0) {
		packet_put_u32(&t.fields, v.count);
		packet_put_u64(&t.fields, v.octets);
		packet_put_u32(&t.fields, v.row);
		t.fields.fd = v.fd;
	}
	finish(&t, result, "its letters can't be listed");
	return 0;
}

int
answer_box_check(struct request *q)
{
	struct task t = {.drop = NULL};
	struct index_findings f;
	int result = begin(&t, q);

	if (result != 0)
		return result == -1 ? -1 : 0;
	result = index_check(&t.owner, &f);
	if (result == 0) {
		packet_put_u32(&t.fields, (uint32_t)f.state);
		packet_put_u32(&t.fields, f.letters);
		packet_put_u32(&t.fields, f.rows);
		packet_put_u32(&t.fields, f.damaged);
		packet_put_u32(&t.fields, f.missing);
		packet_put_u32(&t.fields, f.extra);
		packet_put_u32(&t.fields, f.stored);
		packet_put_u32(&t.fields, f.broken);
	}
	finish(&t, result, "it can't be checked");
	return 0;
}

/* Makes the index anew; count and octets to the answer. */
static int
renew(struct task *t)
{
	struct index_view v = {.fd = -1};

	index_spoil(&t->owner);
	if (index_open(&t->owner, &v) == -1)
		return -1;
	close(v.fd);
	packet_put_u32(&t->fields, v.count);
	packet_put_u64(&t->fields, v.octets);
	return 0;
}

int
answer_box_repair(struct request *q)
{
	struct task t = {.drop = NULL};
	int result = begin(&t, q);

	if (result != 0)
		return result == -1 ? -1 : 0;
	finish(&t, renew(&t), "its index can't be made anew");
	return 0;
}

static int
pause_import(void *arg)
{
	(void)arg;
	owner_home();
	fiber_yield();
	return 0;
}

static int
import(struct request *q, enum uidl_source source, const char *what)
{
	struct task t = {.drop = NULL};
	struct uidl_import counts;
	struct index_key key;
	struct uidls u;
	int saved, result = begin(&t, q);

	if (result != 0)
		return result == -1 ? -1 : 0;
	index_file_key(&key, t.owner.path);
	result = uidls_load(&u, &key, pause_import, NULL);
	if (result == 0)
		result = uidl_import(&u, &t.owner, source, &counts);
	if (result == 0)
		result = uidls_store(&u);
	if (result == 0) {
		log_info("uidl.imported", log_text("path", t.owner.path),
		    log_int("found", counts.found),
		    log_int("added", counts.added),
		    log_int("skipped", counts.skipped));
		packet_put_u32(&t.fields, counts.found);
		packet_put_u32(&t.fields, counts.added);
		packet_put_u32(&t.fields, counts.skipped);
		result = renew(&t);
	}
	saved = errno;
	uidls_free(&u);
	errno = saved;
	finish(&t, result, what);
	return 0;
}

int
answer_box_import(struct request *q)
{
	return import(q, UIDL_OF_FILES,
	    "dovecot-uidlist, courierpop3dsizelist or cyrus.index can't be "
	    "imported");
}

int
answer_box_xuidl(struct request *q)
{
	return import(
	    q, UIDL_OF_HEADERS, "the letters' X-UIDL can't be imported");
}
