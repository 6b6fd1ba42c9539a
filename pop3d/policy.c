#include "policy.h"

#include "clock.h"
#include "log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Letters that are removed at a time: as many as one request takes. */
#define EXPUNGE_MAX 200
#define DAY	    (INT64_C(24) * 3600 * CLOCK_SECOND)

/* Of one maildrop. */
struct policy {
	struct pop3 *p;
	int64_t oldest;	 /* wall seconds; letters before that go */
	int is_expiring; /* none that is young enough was seen */
	char (*files)[WIRE_FILE_MAX];
	uint32_t count;	  /* of them */
	uint32_t expired; /* letters */
	uint32_t hidden;
};

int
policy_names(const struct conf_list *items, const char *name)
{
	const char *domain = strrchr(name, '@');

	for (size_t i = 0; i < items->count; i++) {
		const char *item = items->items[i];

		if (strcasecmp(item,
			item[0] == '@' && domain != NULL ? domain : name) == 0)
			return 1;
	}
	return 0;
}

int64_t
policy_days(const struct settings *conf)
{
	/* RFC 2449 6.7: whole days, and never more than are meant. */
	return conf->expire == 0 ? -1 : conf->expire / DAY;
}

/* Removes what has come together.  What can't be removed is tried again at the
 * next login; in this one nobody sees it. */
static void
remove_batch(struct policy *y)
{
	const char *pointers[EXPUNGE_MAX];
	enum mailbox_result result;

	for (uint32_t i = 0; i < y->count; i++)
		pointers[i] = y->files[i];
	result = mailbox_expunge(
	    &y->p->box, pointers, y->count, clock_after(y->p->conf->helper));
	if (result != MAILBOX_OK)
		log_warn("expire.failed", log_id("session", y->p->client->id),
		    log_text("box", y->p->name), log_int("result", result));
	y->count = 0;
}

/* When a letter came, by its name ("new/SECONDS.REST"), or -1. */
static int64_t
arrival(const char *file)
{
	int64_t seconds = 0;
	const char *c = file + strlen("new/");

	for (; *c >= '0' && *c <= '9'; c++)
		if (__builtin_mul_overflow(seconds, 10, &seconds) ||
		    __builtin_add_overflow(seconds, *c - '0', &seconds))
			return -1;
	return *c == '.' && seconds > 0 ? seconds : -1;
}

/* As maildrop_hide asks. */
static enum maildrop_choice
choose(void *arg, const struct mailbox_letter *l)
{
	struct policy *y = arg;
	uint64_t most = (uint64_t)y->p->conf->hide_over;
	int64_t came = y->is_expiring ? arrival(l->file) : -1;

	if (came != -1 && came < y->oldest) {
		memcpy(y->files[y->count++], l->file, sizeof(l->file));
		y->expired++;
		if (y->count == EXPUNGE_MAX)
			remove_batch(y);
		return MAILDROP_HIDE;
	}
	/* They stand in order of arrival. */
	if (came != -1)
		y->is_expiring = 0;
	if (most > 0 && l->octets > most) {
		y->hidden++;
		return MAILDROP_HIDE;
	}
	return y->is_expiring || most > 0 ? MAILDROP_SHOW : MAILDROP_REST;
}

int
policy_apply(struct pop3 *p)
{
	const struct settings *conf = p->conf;
	struct policy y = {.p = p};
	int result;

	p->is_read_only = policy_names(&conf->read_only, p->name);
	y.is_expiring = conf->expire > 0 && !p->is_read_only;
	if (!y.is_expiring && conf->hide_over == 0)
		return 0;
	y.oldest = (clock_wall() - conf->expire) / CLOCK_SECOND;
	if ((y.files = calloc(EXPUNGE_MAX, sizeof(*y.files))) == NULL)
		return -1;
	result = maildrop_hide(&p->drop, choose, &y);
	if (y.count > 0)
		remove_batch(&y);
	free(y.files);
	if (y.expired > 0 || y.hidden > 0)
		log_info("maildrop.policy", log_id("session", p->client->id),
		    log_text("box", p->name), log_int("expired", y.expired),
		    log_int("hidden", y.hidden));
	return result;
}
