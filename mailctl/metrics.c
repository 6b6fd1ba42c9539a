#include "metrics.h"

#include "clock.h"
#include "listen.h"

#include <err.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATIENCE    (10 * CLOCK_SECOND)
#define ANSWER_MOST (8U << 20)
#define BOUNDS	    64

static int
wait_for(int fd, short events, int64_t end)
{
	struct pollfd p = {.fd = fd, .events = events};
	int64_t left = (end - clock_now()) / CLOCK_MILLISECOND;
	int n;

	do
		n = poll(&p, 1, left > 0 ? (int)left : 0);
	while (n == -1 && errno == EINTR);
	if (n == 0)
		errno = ETIMEDOUT;
	return n == 1 ? 0 : -1;
}

static int
connect_to(const char *address, int64_t end)
{
	union listen_address a = {.any.sa_family = AF_UNSPEC};
	char why[256];
	int fd, error = 0;
	socklen_t length = listen_parse(address, &a, why, sizeof(why));
	socklen_t size = sizeof(error);

	if (length == 0) {
		warnx("%s: %s", address, why);
		return -1;
	}
	fd = socket(
	    a.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1) {
		warn("socket");
		return -1;
	}
	if (connect(fd, &a.any, length) == 0 ||
	    (errno == EINPROGRESS && wait_for(fd, POLLOUT, end) == 0 &&
		getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 &&
		error == 0))
		return fd;
	if (error != 0)
		errno = error;
	warn("%s", address);
	warnx("does the metrics helper run?  metrics { listen } of "
	      "helpers.conf says where");
	close(fd);
	return -1;
}

/* All that comes until the other end closes; NULL after a line. */
static char *
read_all(int fd, const char *address, int64_t end)
{
	size_t length = 0, room = 65536;
	char *text = malloc(room), *grown;
	ssize_t n;

	while (text != NULL) {
		n = recv(fd, text + length, room - length - 1, 0);
		if (n == 0)
			break;
		if (n == -1 && errno == EAGAIN &&
		    wait_for(fd, POLLIN, end) == 0)
			continue;
		if (n == -1)
			goto failed;
		length += (size_t)n;
		if (length + 1 < room)
			continue;
		if (room >= ANSWER_MOST) {
			errno = EMSGSIZE;
			goto failed;
		}
		if ((grown = realloc(text, 2 * room)) == NULL)
			goto failed;
		text = grown;
		room *= 2;
	}
	if (text != NULL)
		text[length] = '\0';
	return text;
failed:
	warn("%s", address);
	free(text);
	return NULL;
}

/* RFC 9112: the body behind the head of a good answer, moved to the front. */
static int
take_body(char *text)
{
	char *body = strstr(text, "\r\n\r\n");

	if (strncmp(text, "HTTP/1.", 7) != 0 || body == NULL ||
	    strncmp(text + 8, " 200 ", 5) != 0)
		return -1;
	memmove(text, body + 4, strlen(body + 4) + 1);
	return 0;
}

/* Whoever hangs up in the middle has said half of it. */
static int
is_whole(const char *body)
{
	static const char end[] = "\n# EOF\n";
	size_t length = strlen(body);

	return length >= strlen(end) &&
	       strcmp(body + length - strlen(end), end) == 0;
}

int
metrics_fetch(struct metrics *m, const char *address)
{
	static const char request[] =
	    "GET /metrics HTTP/1.0\r\nHost: localhost\r\n"
	    "Accept: application/openmetrics-text\r\n\r\n";
	int64_t end = clock_after(PATIENCE);
	int fd = connect_to(address, end);
	char *text = NULL;

	*m = (struct metrics){.text = NULL};
	if (fd == -1)
		return -1;
	if (send(fd, request, strlen(request), MSG_NOSIGNAL) ==
	    (ssize_t)strlen(request))
		text = read_all(fd, address, end);
	else
		warn("%s", address);
	close(fd);
	if (text == NULL)
		return -1;
	if (take_body(text) == -1)
		warnx("%s: what answers there is not the metrics helper",
		    address);
	else if (!is_whole(text))
		warnx("%s: the answer was cut off; ask again", address);
	else
		return metrics_parse(m, text);
	free(text);
	return -1;
}

/* name{labels} value [timestamp], cut in place.  0, or -1: it is none. */
static int
parse_line(struct metrics_sample *s, char *line)
{
	char *value, *end;

	if (*line == '#' || *line == '\0')
		return -1;
	s->name = line;
	s->labels = "";
	value = line + strcspn(line, "{ ");
	if (*value == '{') {
		*value++ = '\0';
		s->labels = value;
		if ((value = strstr(value, "} ")) == NULL)
			return -1;
		*value++ = '\0';
	}
	if (*value == '\0')
		return -1;
	*value++ = '\0';
	s->value = strtod(value, &end);
	return end == value ? -1 : 0;
}

int
metrics_parse(struct metrics *m, char *text)
{
	size_t lines = 1;
	char *rest = text, *line;

	*m = (struct metrics){.text = text};
	for (const char *c = text; *c != '\0'; c++)
		lines += *c == '\n';
	m->samples = calloc(lines, sizeof(*m->samples));
	if (m->samples == NULL) {
		warn("metrics");
		metrics_free(m);
		return -1;
	}
	while ((line = strsep(&rest, "\n")) != NULL)
		if (parse_line(&m->samples[m->count], line) == 0)
			m->count++;
	return 0;
}

void
metrics_free(struct metrics *m)
{
	free(m->samples);
	free(m->text);
	*m = (struct metrics){.text = NULL};
}

double
metrics_value(const struct metrics *m, const struct metrics_sample *like)
{
	const struct metrics_sample *s = m->samples, *end = s + m->count;

	for (; s < end; s++)
		if (strcmp(s->name, like->name) == 0 &&
		    strcmp(s->labels, like->labels) == 0)
			return s->value;
	return 0;
}

static int
has(const struct metrics_sample *s, const char *text)
{
	return text == NULL || strstr(s->labels, text) != NULL;
}

double
metrics_sum(
    const struct metrics *m, const char *name, const char *one, const char *two)
{
	double sum = 0;

	for (size_t i = 0; i < m->count; i++)
		if (strcmp(m->samples[i].name, name) == 0 &&
		    has(&m->samples[i], one) && has(&m->samples[i], two))
			sum += m->samples[i].value;
	return sum;
}

/* A histogram over all series of the label: buckets by their bound. */
struct histogram {
	double bounds[BOUNDS], counts[BOUNDS];
	unsigned count;
};

static void
add_bucket(struct histogram *h, double bound, double count)
{
	unsigned i = 0;

	while (i < h->count && h->bounds[i] < bound)
		i++;
	if (i < h->count && h->bounds[i] == bound) {
		h->counts[i] += count;
		return;
	}
	if (h->count == BOUNDS)
		return;
	memmove(h->bounds + i + 1, h->bounds + i,
	    (h->count - i) * sizeof(h->bounds[0]));
	memmove(h->counts + i + 1, h->counts + i,
	    (h->count - i) * sizeof(h->counts[0]));
	h->bounds[i] = bound;
	h->counts[i] = count;
	h->count++;
}

/* Adds all buckets, times sign. */
static void
add_all(struct histogram *h, const struct metrics *m, const char *name,
    const char *label, double sign)
{
	const struct metrics_sample *s;
	size_t length = strlen(name);
	const char *le;

	for (size_t i = 0; i < m->count; i++) {
		s = &m->samples[i];
		if (strncmp(s->name, name, length) != 0 ||
		    strcmp(s->name + length, "_bucket") != 0 ||
		    !has(s, label) || (le = strstr(s->labels, "le=\"")) == NULL)
			continue;
		add_bucket(h, strtod(le + 4, NULL), sign * s->value);
	}
}

double
metrics_quantile(const struct metrics *m, const struct metrics *before,
    const char *name, const char *label, double quantile)
{
	struct histogram h = {.count = 0};
	double all;

	add_all(&h, m, name, label, 1);
	if (before != NULL)
		add_all(&h, before, name, label, -1);
	/* Buckets are cumulative: the last one has all. */
	all = h.count == 0 ? 0 : h.counts[h.count - 1];
	if (all <= 0)
		return -1;
	for (unsigned i = 0; i < h.count; i++)
		if (h.counts[i] >= quantile * all)
			return h.bounds[i];
	return -1;
}
