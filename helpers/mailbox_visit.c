#include "mailbox_visit.h"

#include "clock.h"
#include "index_file.h"
#include "listen.h"
#include "log.h"
#include "mailbox.h"
#include "mailbox_drop.h"
#include "mailbox_owners.h"
#include "mailbox_proof.h"
#include "maildir.h"
#include "maildir_flag.h"
#include "owner.h"
#include "server.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Files of one request, as in pop3d's stub. */
#define MARK_MAX 100
/* The record: "<wall ns> <address>", and a line's end. */
#define RECORD_MAX (24 + LISTEN_TEXT_MAX)

struct visit {
	int64_t when; /* wall ns; 0: never */
	char address[LISTEN_TEXT_MAX];
};

/* An address as listen_text writes it, or nothing. */
static int
is_address(const char *text)
{
	return text[strspn(text, "0123456789abcdefABCDEF.:")] == '\0';
}

/* Reads a record; what is none says "never". */
static void
parse(struct visit *v, char *text)
{
	char *end;
	int64_t when;

	errno = 0;
	when = strtoll(text, &end, 10);
	if (errno != 0 || end == text || *end != ' ' || when <= 0)
		return;
	end[1 + strcspn(end + 1, "\n")] = '\0';
	if (!is_address(end + 1) || strlen(end + 1) >= sizeof(v->address))
		return;
	v->when = when;
	snprintf(v->address, sizeof(v->address), "%s", end + 1);
}

/* 0, or -1 with errno. */
static int
load(const struct index_key *key, struct visit *v)
{
	char text[RECORD_MAX + 1];
	ssize_t n;
	int fd;

	memset(v, 0, sizeof(*v));
	if ((fd = index_file_open(key, INDEX_VISITS, O_RDONLY)) == -1)
		return errno == ENOENT ? 0 : -1;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n == -1)
		return -1;
	text[n] = '\0';
	parse(v, text);
	return 0;
}

static int
save(const struct index_key *key, const char *address)
{
	char text[RECORD_MAX];
	int fd, n, result = -1;

	n = snprintf(
	    text, sizeof(text), "%" PRId64 " %s\n", clock_wall(), address);
	if ((fd = index_file_make(key, INDEX_VISITS)) == -1)
		return -1;
	if (maildir_write(fd, text, (size_t)n) == 0)
		result = index_file_publish(fd, key, INDEX_VISITS);
	close(fd);
	return result;
}

static void
put(struct packet *fields, const struct visit *v)
{
	packet_put_u64(fields, (uint64_t)v->when);
	packet_put_text(fields, v->address);
}

/* Whether the last visit is less than delay ns ago; one in the future says
 * nothing, since the clock was set. */
static int
is_too_soon(const struct visit *v, uint64_t delay)
{
	int64_t now = clock_wall();

	return v->when > 0 && v->when <= now &&
	       (uint64_t)(now - v->when) < delay;
}

int
answer_visit(struct request *q)
{
	uint32_t handle = packet_get_u32(&q->packet);
	uint64_t delay = packet_get_u64(&q->packet);
	char address[LISTEN_TEXT_MAX];
	enum packet_status status = PACKET_OK;
	const struct mailbox_proof *proof;
	struct index_key key;
	struct packet fields;
	struct visit v;
	int failed;

	packet_get_text(&q->packet, address, sizeof(address));
	if (packet_end(&q->packet) == -1 || !is_address(address))
		return -1;
	if ((proof = mailbox_drop_proof(q, handle)) == NULL) {
		request_reply(&q, PACKET_GONE, NULL);
		return 0;
	}
	owner_home();
	packet_init(&fields, 0);
	index_file_key(&key, proof->owner.path);
	failed = load(&key, &v) == -1;
	if (!failed && is_too_soon(&v, delay))
		status = PACKET_REFUSED;
	else if (failed || save(&key, address) == -1)
		status = PACKET_TEMPORARY;
	if (status == PACKET_TEMPORARY)
		log_warn("visit.failed", log_text("name", proof->name),
		    log_errno(errno));
	else
		put(&fields, &v);
	request_reply(&q, status, status == PACKET_TEMPORARY ? NULL : &fields);
	packet_free(&fields);
	return 0;
}

int
answer_box_visit(struct request *q)
{
	char name[WIRE_NAME_MAX];
	enum packet_status status = PACKET_OK;
	enum mailbox_result found;
	struct packet fields;
	struct index_key key;
	struct owner owner;
	struct visit v;

	packet_get_text(&q->packet, name, sizeof(name));
	if (packet_end(&q->packet) == -1)
		return -1;
	packet_init(&fields, 0);
	found = mailbox_owners_find(name, &owner);
	owner_home();
	if (found == MAILBOX_OK) {
		index_file_key(&key, owner.path);
		if (load(&key, &v) == -1)
			status = PACKET_TEMPORARY;
		else
			put(&fields, &v);
	} else if (found == MAILBOX_NO_BOX) {
		status = PACKET_REFUSED;
		packet_put_text(&fields, "no such mailbox");
	} else {
		status = PACKET_TEMPORARY;
	}
	request_reply(&q, status, status == PACKET_TEMPORARY ? NULL : &fields);
	packet_free(&fields);
	return 0;
}

/* As the owner: 0, or -1 with errno where any of them failed. */
static int
mark_all(const struct owner *o, char (*files)[WIRE_FILE_MAX], uint32_t count)
{
	int result = 0, code = 0;

	if (owner_become(o->uid, o->gid) == -1)
		return -1;
	for (uint32_t i = 0; i < count; i++)
		if (maildir_flag(o->path, files[i], 'S') == -1) {
			code = errno;
			result = -1;
		}
	owner_home();
	errno = code;
	return result;
}

int
answer_mark(struct request *q)
{
	static char files[MARK_MAX][WIRE_FILE_MAX]; /* nothing waits here */
	uint32_t handle = packet_get_u32(&q->packet), count, i;
	const struct mailbox_proof *proof;
	int result;

	count = packet_get_u32(&q->packet);
	if (q->packet.error != 0 || count == 0 || count > MARK_MAX)
		return -1;
	for (i = 0; i < count; i++) {
		packet_get_text(&q->packet, files[i], sizeof(files[i]));
		if (q->packet.error != 0 || !maildir_is_file(files[i]))
			return -1;
	}
	if (packet_end(&q->packet) == -1)
		return -1;
	if ((proof = mailbox_drop_proof(q, handle)) == NULL) {
		request_reply(&q, PACKET_GONE, NULL);
		return 0;
	}
	if ((result = mark_all(&proof->owner, files, count)) == -1)
		log_warn("mark.failed", log_text("name", proof->name),
		    log_errno(errno));
	request_reply(&q, result == 0 ? PACKET_OK : PACKET_TEMPORARY, NULL);
	return 0;
}
