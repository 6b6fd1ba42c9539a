#include "notify.h"

#include "accounts.h"
#include "clock.h"
#include "fiber.h"
#include "incoming.h"
#include "log.h"
#include "path.h"
#include "report.h"
#include "session.h"
#include "settings.h"
#include "trace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A note: words, a hundred recipients with their originals, and the header. */
#define NOTE_MAX WIRE_INLINE_MAX

static unsigned
count_wanted(const struct smtp *s)
{
	unsigned n = 0;

	for (unsigned i = 0; i < s->mail.recipients; i++)
		n += report_is_for(&s->mail.list[i]) != 0;
	return n;
}

/* The message's beginning, from memory or from the spool: its length. */
static size_t
read_start(const struct incoming *in, char *to, size_t size)
{
	const struct body *b = &in->body;
	ssize_t n;

	if (b->spool != -1) {
		n = pread(b->spool, to, size, (off_t)in->fields);
		return n > 0 ? (size_t)n : 0;
	}
	if (b->used <= in->fields)
		return 0;
	if (size > b->used - in->fields)
		size = b->used - in->fields;
	memcpy(to, b->memory + in->fields, size);
	return size;
}

/* Its header section with LF line ends, cut after a line: the length. */
static size_t
read_header(const struct incoming *in, char to[REPORT_HEADER_MAX])
{
	size_t n = read_start(in, to, REPORT_HEADER_MAX), length = 0, line = 0;

	for (size_t i = 0; i < n; i++) {
		if (to[i] == '\r')
			continue;
		to[length++] = to[i];
		if (to[i] != '\n')
			continue;
		if (length == line + 1)
			return line;
		line = length;
	}
	return line;
}

static void
log_note(const struct smtp *s, const char *event, const char *why)
{
	log_info(event, log_id("session", s->id),
	    log_id("trace", s->mail.trace),
	    log_text("to", s->mail.reverse_path), log_text("reason", why));
}

/* The note in text[NOTE_MAX] goes to the mailboxes of the sender. */
static void
deliver(struct smtp *s, const struct accounts_targets *targets,
    const struct report *r, char *text)
{
	struct mailbox_delivery d = {
	    .trace = r->id,
	    .received = r->time,
	    .count = targets->count,
	    .names = (const char(*)[WIRE_NAME_MAX])targets->names,
	    .body = text,
	    .spool = -1,
	};

	d.size = report_write(
	    r, text, targets->crlf ? NOTE_MAX / 2 : NOTE_MAX, &d.lines);
	if (d.size > 0 && targets->crlf) {
		d.size = trace_crlf(text, d.size, (unsigned)d.lines);
		d.lines = 0;
	}
	if (d.size == 0)
		log_note(s, "note.dropped", "it is too long");
	else if (mailbox_deliver(s->devices->mailbox, &d,
		     clock_after(s->conf->helper)) != MAILBOX_OK)
		log_note(s, "note.dropped", "the mailbox does not take it");
	else
		log_note(s, "note.delivered", NULL);
}

/* Writes it on the heap: a fiber's stack is small. */
static void
write_note(struct smtp *s, const struct accounts_targets *targets)
{
	const struct incoming *in = s->mail.in;
	char *text = malloc(NOTE_MAX + REPORT_HEADER_MAX);
	char *header = text + NOTE_MAX;
	const struct report r = {
	    .hostname = s->conf->hostname,
	    .to = s->mail.reverse_path,
	    .envid = s->mail.envid,
	    .trace = s->mail.trace,
	    .id = trace_id(s->mail.trace, 1),
	    .arrived = in->time,
	    .time = clock_wall(),
	    .is_utf8 = s->mail.is_utf8,
	    .list = s->mail.list,
	    .count = s->mail.recipients,
	    .header = header,
	    .header_length = text != NULL ? read_header(in, header) : 0,
	};

	if (text == NULL)
		log_note(s, "note.dropped", "no memory");
	else
		deliver(s, targets, &r, text);
	free(text);
}

void
notify_success(struct smtp *s)
{
	char address[WIRE_ADDRESS_MAX];
	const struct accounts_sender ours = {WIRE_LOOKUP_OURS, ""};
	struct accounts_targets targets;

	/* RFC 3461 4.1, 6.1: nobody hears of what has no sender. */
	if (count_wanted(s) == 0 || s->mail.reverse_path[0] == '\0')
		return;
	fiber_shield(1);
	if (path_for_lookup(s->mail.reverse_path, address) == -1 ||
	    accounts_lookup(s->devices->accounts, address, &ours, &targets,
		clock_after(s->conf->helper)) != ACCOUNTS_OK) {
		log_note(s, "note.dropped", "the sender has no mailbox here");
	} else {
		write_note(s, &targets);
		accounts_targets_free(&targets);
	}
	fiber_shield(0);
}
