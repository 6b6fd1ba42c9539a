#include "metrics_page.h"

#include "metrics_past.h"
#include "metrics_sources.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

const char metrics_page_policy[] =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'";

/* Of a sparkline. */
#define WIDTH  240
#define HEIGHT 44

static const char head[] =
    "<!DOCTYPE html>\n"
    "<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n"
    "<meta name=\"color-scheme\" content=\"light dark\">\n"
    "<meta http-equiv=\"refresh\" content=\"5\">\n"
    "<title>ringmail: status</title>\n<style>\n"
    ":root{--text:#1b2430;--dim:#566274;--page:#f4f6f8;--card:#fff;"
    "--edge:#d3dae2;--line:#0b63b0;--bad:#b3261e}\n"
    "@media (prefers-color-scheme:dark){:root{--text:#e6ebf1;--dim:#a3b0c0;"
    "--page:#12171e;--card:#1b222c;--edge:#333e4c;--line:#6cb4f5;"
    "--bad:#ff8a80}}\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0;padding:1.5rem;background:var(--page);color:var(--text);"
    "font:1rem/1.4 system-ui,sans-serif}\n"
    "main{max-width:68rem;margin:0 auto}\n"
    "h1{font-size:1.4rem;margin:0}\n"
    "h2{font-size:.95rem;font-weight:500;color:var(--dim);margin:0}\n"
    "ul{list-style:none;margin:0 0 1.5rem;padding:0;display:grid;gap:1rem;"
    "grid-template-columns:repeat(auto-fill,minmax(16rem,1fr))}\n"
    "li,.table{background:var(--card);border:1px solid var(--edge);"
    "border-radius:.5rem;padding:.9rem 1rem}\n"
    ".now{font-size:1.6rem;margin:0;font-variant-numeric:tabular-nums}\n"
    "svg{display:block;width:100%;height:44px}\n"
    "polyline{fill:none;stroke:var(--line);stroke-width:1.5;"
    "vector-effect:non-scaling-stroke}\n"
    ".table{overflow-x:auto;margin-bottom:1rem}\n"
    "table{border-collapse:collapse;width:100%;"
    "font-variant-numeric:tabular-nums}\n"
    "caption{text-align:left;font-weight:500;color:var(--dim);"
    "padding-bottom:.5rem}\n"
    "th,td{padding:.3rem .6rem;text-align:right;font-weight:400;"
    "border-top:1px solid var(--edge)}\n"
    "thead th{color:var(--dim);border:0}\nth:first-child{text-align:left}\n"
    ".bad{color:var(--bad);font-weight:600}\n"
    "p.foot{color:var(--dim);font-size:.85rem}\n"
    "</style>\n</head>\n<body>\n<main>\n<h1>ringmail</h1>\n";

/* A value of a sample, or of the step that ends with it. */
typedef double
value_of(const struct metrics_sample *now, const struct metrics_sample *before);

static double
per_second(uint64_t now, uint64_t before, const struct metrics_sample *a,
    const struct metrics_sample *b)
{
	int64_t ns = a->at - b->at;

	if (ns <= 0)
		return 0;
	return (double)metrics_past_grown(now, before) * CLOCK_SECOND /
	       (double)ns;
}

#define RATE(name, member)                                                   \
	static double name(const struct metrics_sample *now,                 \
	    const struct metrics_sample *before)                             \
	{                                                                    \
		return per_second(now->member, before->member, now, before); \
	}
RATE(accepted_rate, accepted)
RATE(retrieved_rate, retrieved)
RATE(smtpd_rate, begun[0])
RATE(pop3d_rate, begun[1])
RATE(login_rate, logins)
RATE(in_rate, in)
RATE(out_rate, out)
RATE(refused_rate, refused)

static double
smtpd_sessions(
    const struct metrics_sample *now, const struct metrics_sample *before)
{
	(void)before;
	return (double)now->sessions[0];
}

static double
pop3d_sessions(
    const struct metrics_sample *now, const struct metrics_sample *before)
{
	(void)before;
	return (double)now->sessions[1];
}

static double
waiting(const struct metrics_sample *now, const struct metrics_sample *before)
{
	double n = (double)now->queued + (double)now->waiting;

	(void)before;
	for (unsigned h = 0; h < METER_HELPERS; h++)
		n += (double)now->pending[h];
	return n;
}

/* Messages of a batch, in the mean. */
static double
batch_size(
    const struct metrics_sample *now, const struct metrics_sample *before)
{
	uint64_t count = 0, sum;

	sum = metrics_past_grown(
	    now->batch[METER_BOUNDS + 1], before->batch[METER_BOUNDS + 1]);
	for (unsigned i = 0; i <= METER_BOUNDS; i++)
		count += metrics_past_grown(now->batch[i], before->batch[i]);
	return count > 0 ? (double)sum / (double)count : 0;
}

static double
commit_ms(const struct metrics_sample *now, const struct metrics_sample *before)
{
	uint64_t ns = metrics_past_quantile(
	    now->commit, before->commit, 950, METER_TIME_FIRST);

	return ns == UINT64_MAX ? 0 : (double)ns / CLOCK_MILLISECOND;
}

static const struct {
	const char *title, *unit;
	value_of *value;
} cards[] = {
    {"Messages accepted", " a second", accepted_rate},
    {"Messages fetched", " a second", retrieved_rate},
    {"SMTP sessions", " now", smtpd_sessions},
    {"POP3 sessions", " now", pop3d_sessions},
    {"SMTP sessions begun", " a second", smtpd_rate},
    {"POP3 sessions begun", " a second", pop3d_rate},
    {"Logins", " a second", login_rate},
    {"Turned away", " a second", refused_rate},
    {"Received", " octets a second", in_rate},
    {"Sent", " octets a second", out_rate},
    {"Waiting for helpers", " requests", waiting},
    {"Messages of a batch", " in the mean", batch_size},
    {"Commits, 95 %", " ms at most", commit_ms},
};

/* 0 to 999 with what matters of it, then with k, M, G. */
static void
put_value(FILE *to, double value)
{
	static const char units[] = " kMGT";
	unsigned i = 0;

	while (value >= 1000 && i + 2 < sizeof(units)) {
		value /= 1000;
		i++;
	}
	fprintf(to, value < 10 && value > 0 ? "%.2f" : "%.0f", value);
	if (i > 0)
		fprintf(to, " %c", units[i]);
}

/* Steps that can be shown, the oldest first. */
static unsigned
steps(void)
{
	return metrics_past_count() > 0 ? metrics_past_count() - 1 : 0;
}

static double
step_value(value_of *value, unsigned ago)
{
	return value(metrics_past_get(ago), metrics_past_get(ago + 1));
}

static void
put_line(FILE *to, const char *title, value_of *value)
{
	unsigned n = steps(), i;
	double most = 0, x, y;

	for (i = 0; i < n; i++)
		if (step_value(value, i) > most)
			most = step_value(value, i);
	fprintf(to,
	    "<svg role=\"img\" viewBox=\"0 0 %d %d\" "
	    "preserveAspectRatio=\"none\" aria-label=\"%s, last ten minutes: "
	    "at most ",
	    WIDTH, HEIGHT, title);
	put_value(to, most);
	fputs("\"><polyline points=\"", to);
	/* A step is a stretch, from where the last one ended. */
	for (i = n; i > 0; i--) {
		x = WIDTH - (double)i * WIDTH / (METRICS_PAST - 1);
		y = most > 0 ? step_value(value, i - 1) / most : 0;
		y = HEIGHT - 2 - y * (HEIGHT - 4);
		fprintf(to, "%.1f,%.1f %.1f,%.1f ", x, y,
		    x + (double)WIDTH / (METRICS_PAST - 1), y);
	}
	fputs("\"/></svg>", to);
}

static void
put_services(FILE *to)
{
	static const struct {
		const char *name;
		enum server_role role;
	} services[] = {{"smtpd", ROLE_SMTPD}, {"pop3d", ROLE_POP3D}};

	fputs("<p>", to);
	for (unsigned i = 0; i < 2; i++)
		fprintf(to,
		    metrics_sources_is_up(services[i].role)
			? "%s serves. "
			: "<span class=\"bad\">%s is away.</span> ",
		    services[i].name);
	fputs("</p>\n", to);
}

static void
put_cards(FILE *to)
{
	fputs("<ul>\n", to);
	for (size_t i = 0; i < sizeof(cards) / sizeof(*cards); i++) {
		fprintf(to, "<li><h2>%s</h2><p class=\"now\">", cards[i].title);
		put_value(to, steps() > 0 ? step_value(cards[i].value, 0) : 0);
		fprintf(to, "<small>%s</small></p>", cards[i].unit);
		put_line(to, cards[i].title, cards[i].value);
		fputs("</li>\n", to);
	}
	fputs("</ul>\n", to);
}

static void
put_time(FILE *to, uint64_t ns)
{
	if (ns == 0)
		fputs("<td>-</td>", to);
	else if (ns == UINT64_MAX)
		fputs("<td class=\"bad\">minutes</td>", to);
	else
		fprintf(to, "<td>%.3g ms</td>", (double)ns / CLOCK_MILLISECOND);
}

static void
put_helper(FILE *to, const char *name, unsigned h)
{
	const struct metrics_sample *now = metrics_past_get(0);
	const struct metrics_sample *then = metrics_past_get(steps());
	uint64_t lost = metrics_past_grown(now->lost[h], then->lost[h]);
	uint64_t answers = 0, before = 0;

	for (unsigned i = 0; i <= METER_BOUNDS; i++) {
		answers += now->request[h][i];
		before += then->request[h][i];
	}
	fprintf(to, "<tr><th scope=\"row\">%s</th><td>%" PRIu64 "</td><td>",
	    name, now->pending[h]);
	put_value(to, per_second(answers, before, now, then));
	fputs("</td>", to);
	put_time(to, metrics_past_quantile(now->request[h], then->request[h],
			 500, METER_TIME_FIRST));
	put_time(to, metrics_past_quantile(now->request[h], then->request[h],
			 950, METER_TIME_FIRST));
	fprintf(to, "<td%s>%" PRIu64 "</td></tr>\n",
	    lost > 0 ? " class=\"bad\"" : "", lost);
}

static void
put_helpers(FILE *to)
{
	static const char *const names[] = {
	    "accounts", "mailbox", "resolver", "keys"};

	fputs("<div class=\"table\"><table>\n<caption>Helpers, as smtpd and "
	      "pop3d see them in the last ten minutes</caption>\n"
	      "<thead><tr><th scope=\"col\">helper</th>"
	      "<th scope=\"col\">waiting now</th>"
	      "<th scope=\"col\">answers a second</th>"
	      "<th scope=\"col\">half of them within</th>"
	      "<th scope=\"col\">95 % within</th>"
	      "<th scope=\"col\">not answered</th></tr></thead>\n<tbody>\n",
	    to);
	for (unsigned h = 0; h < sizeof(names) / sizeof(*names); h++)
		put_helper(to, names[h], h);
	fputs("</tbody>\n</table></div>\n", to);
}

static void
put_foot(FILE *to)
{
	const struct metrics_sample *now = metrics_past_get(0);

	fprintf(to,
	    "<p class=\"foot\">Journal: %" PRIu64 " of %" PRIu64
	    " KiB until the next checkpoint; %" PRIu64
	    " deliveries and %" PRIu64
	    " logins wait. ringmail %s, seen each 5 seconds; all of it as "
	    "<a href=\"/metrics\">OpenMetrics</a>.</p>\n",
	    now->journal_used / 1024, now->journal_size / 1024, now->queued,
	    now->waiting, VERSION);
}

char *
metrics_page(size_t *length)
{
	char *text = NULL;
	FILE *to = open_memstream(&text, length);
	int failed;

	if (to == NULL)
		return NULL;
	fputs(head, to);
	if (metrics_past_count() > 0) {
		put_services(to);
		put_cards(to);
		put_helpers(to);
		put_foot(to);
	}
	fputs("</main>\n</body>\n</html>\n", to);
	failed = ferror(to);
	if (fclose(to) == 0 && !failed)
		return text;
	free(text);
	return NULL;
}
