#include "service_renew.h"

#include "clock.h"
#include "log.h"
#include "packet.h"
#include "service_conf.h"
#include "tls_renew.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ASK_WITHIN  (2 * CLOCK_SECOND)
#define PAUSE_FIRST (100 * CLOCK_MILLISECOND)
#define PAUSE_MOST  (2 * CLOCK_SECOND)
/* A helper that hangs up so often, one after the other, is of a time before
 * this could be asked. */
#define HANG_UPS 5

static struct {
	struct tls_files shown;
	/* What is waited for: certificates, and the reading that they are of.
	 */
	struct tls_renew renew;
	unsigned char *has; /* for each of renew; NULL: nothing is waited for */
	void *conf;
	const struct conf_spec *spec;
	service_renew_ask *ask;
	uint32_t generation;
	size_t count; /* addresses */
	unsigned each;
	unsigned hang_ups;
	int64_t pause, due;
} own = {.due = CLOCK_NEVER};

static void
forget(void)
{
	tls_renew_free(&own.renew);
	free(own.has);
	own.has = NULL;
	if (own.conf != NULL)
		conf_free(own.spec, &own.conf);
	own.due = CLOCK_NEVER;
}

static void
note_shown(const struct tls_files *files)
{
	tls_files_free(&own.shown);
	/* Without memory for it, the next reading is shown as it is. */
	tls_files_append(&own.shown, files->data, files->length);
}

void
service_renew_first(const struct tls_files *files)
{
	note_shown(files);
}

static void
say(int is_waiting, const struct tls_renew_one *one)
{
	char key[2 * TLS_KEY_NAME + 1] = "", file[256];

	snprintf(file, sizeof(file), "%.*s", (int)one->file_length, one->file);
	for (size_t i = 0; i < TLS_KEY_NAME; i++)
		snprintf(key + 2 * i, 3, "%02x", one->key[i]);
	if (is_waiting)
		log_warn("certificate.waits", log_text("file", file),
		    log_text("key", key));
	else
		log_info("certificate.shown", log_text("file", file),
		    log_text("key", key));
}

/* Of all keys of renew: what the helper says, or what is made of it. */
static void
ask_helper(const unsigned char *names, unsigned char *has)
{
	size_t count = own.renew.count;

	if (own.ask(names, count, has, clock_after(ASK_WITHIN)) == 0 ||
	    errno != ECONNRESET)
		own.hang_ups = 0;
	else if (++own.hang_ups >= HANG_UPS)
		memset(has, 1, count);
}

/* Which keys there are by now: how many more than before. */
static size_t
ask(void)
{
	size_t count = own.renew.count, more = 0;
	unsigned char *names = calloc(count, TLS_KEY_NAME);
	unsigned char *has = calloc(count, 1);

	if (names != NULL && has != NULL) {
		for (size_t i = 0; i < count; i++)
			memcpy(names + i * TLS_KEY_NAME, own.renew.ones[i].key,
			    TLS_KEY_NAME);
		ask_helper(names, has);
		for (size_t i = 0; i < count; i++) {
			more += has[i] && !own.has[i];
			own.has[i] |= has[i];
		}
	}
	free(names);
	free(has);
	return more;
}

static size_t
count_waiting(void)
{
	size_t waiting = 0;

	for (size_t i = 0; i < own.renew.count; i++)
		waiting += !own.has[i];
	return waiting;
}

/* A struct of its own; NULL without memory. */
static void *
copy_conf(const struct conf_spec *spec, const void *conf)
{
	struct packet p;
	void *copy;

	packet_init(&p, 0);
	service_conf_put(&p, spec, conf);
	copy = p.error == 0 ? service_conf_take(&p, spec) : NULL;
	packet_free(&p);
	return copy;
}

/* Whether there is something to wait for at all. */
static int
begin(const struct service_news *n, const struct conf_spec *spec)
{
	own.hang_ups = 0;
	own.pause = PAUSE_FIRST;
	own.spec = spec;
	own.generation = n->generation;
	own.count = n->count;
	own.each = n->each;
	if (tls_renew_begin(&own.renew, &n->files, &own.shown) == -1)
		return 0;
	if (own.renew.count == 0)
		return 0;
	own.has = calloc(own.renew.count, 1);
	own.conf = copy_conf(spec, n->conf);
	return own.has != NULL && own.conf != NULL;
}

/* What can be shown now, in the place of *files. */
static void
merge(struct tls_files *files)
{
	struct tls_files merged;

	if (tls_renew_merge(&own.renew, own.has, &merged) == 0) {
		tls_files_free(files);
		*files = merged;
	}
	note_shown(files);
	if (count_waiting() == 0)
		forget();
	else
		own.due = clock_after(own.pause);
}

void
service_renew_take(struct service_news *n, const struct conf_spec *spec,
    service_renew_ask *asks)
{
	forget();
	own.ask = asks;
	if (asks == NULL || own.shown.length == 0 || n->files.length == 0 ||
	    !begin(n, spec)) {
		forget();
		note_shown(&n->files);
		return;
	}
	ask();
	for (size_t i = 0; i < own.renew.count; i++)
		if (!own.has[i])
			say(1, &own.renew.ones[i]);
	merge(&n->files);
}

int64_t
service_renew_due(void)
{
	return own.due;
}

/* *n as it would have come.  -1 without memory. */
static int
fill(struct service_news *n)
{
	*n = (struct service_news){
	    .generation = own.generation, .count = own.count, .each = own.each};
	n->fds = calloc(n->count * n->each + 1, sizeof(*n->fds));
	n->conf = copy_conf(own.spec, own.conf);
	if (n->fds == NULL || n->conf == NULL ||
	    tls_files_append(&n->files, own.renew.wanted.data,
		own.renew.wanted.length) == -1) {
		service_control_forget(own.spec, n);
		return -1;
	}
	for (size_t i = 0; i < n->count * n->each; i++)
		n->fds[i] = -1;
	return 0;
}

int
service_renew_again(struct service_news *n)
{
	unsigned char *before;
	int result;

	if (own.has == NULL)
		return 0;
	own.pause = own.pause < PAUSE_MOST / 2 ? 2 * own.pause : PAUSE_MOST;
	own.due = clock_after(own.pause);
	if ((before = calloc(own.renew.count, 1)) == NULL)
		return 0;
	memcpy(before, own.has, own.renew.count);
	result = ask() > 0 && fill(n) == 0;
	for (size_t i = 0; i < own.renew.count; i++)
		if (!result)
			own.has[i] = before[i];
		else if (own.has[i] && !before[i])
			say(0, &own.renew.ones[i]);
	free(before);
	if (result)
		merge(&n->files);
	return result;
}

void
service_renew_end(void)
{
	forget();
	tls_files_free(&own.shown);
}
