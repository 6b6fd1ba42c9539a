#include "seen.h"

#include "clock.h"
#include "log.h"
#include "mailbox_visit.h"

#include <stdlib.h>
#include <string.h>

void
seen_note(struct pop3 *p, uint32_t number)
{
	uint32_t i = number - 1;

	if (!p->conf->flag_seen || p->is_read_only)
		return;
	/* Without memory it is not noted: nothing but a flag is lost. */
	if (p->seen == NULL)
		p->seen = calloc(p->drop.count / 8 + 1, 1);
	if (p->seen != NULL)
		p->seen[i / 8] |= (uint8_t)(1 << i % 8);
}

static int
is_flagged(const char *file)
{
	const char *info = strstr(file, ":2,");

	return info != NULL && strchr(info, 'S') != NULL;
}

/* The next ones to be flagged; their count. */
static uint32_t
collect(struct pop3 *p, uint32_t *at, char (*files)[WIRE_FILE_MAX])
{
	struct mailbox_letter l;
	uint32_t n = 0, i;

	for (; *at <= p->drop.count && n < MAILBOX_MARK_MAX; ++*at) {
		i = *at - 1;
		if (!(p->seen[i / 8] >> i % 8 & 1) ||
		    !maildrop_has(&p->drop, *at) ||
		    maildrop_get(&p->drop, *at, &l) == -1 || is_flagged(l.file))
			continue;
		memcpy(files[n++], l.file, sizeof(l.file));
	}
	return n;
}

void
seen_flush(struct pop3 *p)
{
	const char *pointers[MAILBOX_MARK_MAX];
	enum mailbox_result result = MAILBOX_OK;
	char(*files)[WIRE_FILE_MAX];
	uint32_t at = 1, n;

	if (p->seen == NULL)
		return;
	files = calloc(MAILBOX_MARK_MAX, sizeof(*files));
	while (files != NULL && result == MAILBOX_OK &&
	       (n = collect(p, &at, files)) > 0) {
		for (uint32_t i = 0; i < n; i++)
			pointers[i] = files[i];
		result = mailbox_mark(
		    &p->box, pointers, n, clock_after(p->conf->helper));
	}
	if (files == NULL || result != MAILBOX_OK)
		log_warn("seen.failed", log_id("session", p->client->id),
		    log_text("box", p->name), log_int("result", result));
	free(files);
	free(p->seen);
	p->seen = NULL;
}
