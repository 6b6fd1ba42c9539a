#include "metrics_text.h"

#include "clock.h"
#include "meter_table.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* What is written to, how, and of what. */
struct text {
	FILE *to;
	enum metrics_format format;
	const struct metrics_sum *sums;
	size_t count;
};

static const char *const types[] = {"counter", "gauge", "histogram"};

const char *
metrics_text_type(enum metrics_format format)
{
	return format == METRICS_OPEN
		   ? "application/openmetrics-text; version=1.0.0; "
		     "charset=utf-8"
		   : "text/plain; version=0.0.4; charset=utf-8";
}

static const char *
unit_of(const struct meter_row *row)
{
	if (row->unit == METER_NS)
		return "seconds";
	return row->unit == METER_OCTETS ? "bytes" : NULL;
}

/* A family's head.  The older format knows a counter by its sample's name. */
static void
put_head(const struct text *t, const char *name, enum meter_type type,
    const char *unit, const char *help)
{
	const char *end =
	    type == METER_COUNTER && t->format == METRICS_PLAIN ? "_total" : "";

	fprintf(t->to, "# TYPE ringmail_%s%s %s\n", name, end, types[type]);
	if (unit != NULL && t->format == METRICS_OPEN)
		fprintf(t->to, "# UNIT ringmail_%s %s\n", name, unit);
	fprintf(t->to, "# HELP ringmail_%s%s %s.\n", name, end, help);
}

static void
put_number(const struct text *t, const struct meter_row *row, uint64_t value)
{
	if (row->unit == METER_NS)
		fprintf(t->to, "%" PRIu64 ".%09" PRIu64, value / CLOCK_SECOND,
		    value % CLOCK_SECOND);
	else
		fprintf(t->to, "%" PRIu64, value);
}

/* The labels of value number i and k, up to where more may follow. */
static void
put_labels(const struct text *t, const struct metrics_sum *s,
    const struct meter_row *row, unsigned i, unsigned k)
{
	fprintf(t->to, "{process=\"%s\"", s->process);
	if (row->label != NULL)
		fprintf(t->to, ",%s=\"%s\"", row->label, row->values[i]);
	if (row->label2 != NULL)
		fprintf(t->to, ",%s=\"%s\"", row->label2, row->values2[k]);
}

static uint64_t
count_of(const struct meter_row *row, const uint64_t *cells)
{
	uint64_t count = cells[METER_BOUNDS];

	for (unsigned b = 0; b < METER_BOUNDS && row->bounds > 0; b++)
		count += cells[b];
	return count;
}

static void
put_histogram(const struct text *t, const struct metrics_sum *s,
    const struct meter_row *row, unsigned i, unsigned k)
{
	const uint64_t *cells = &s->values[meter_row_cell(row, i, k)];
	uint64_t count = 0;

	for (unsigned b = 0; b < row->bounds; b++) {
		count += cells[b];
		fprintf(t->to, "ringmail_%s_bucket", row->name);
		put_labels(t, s, row, i, k);
		fputs(",le=\"", t->to);
		/* OpenMetrics has bounds as floating point numbers. */
		if (row->unit == METER_NS)
			fprintf(t->to, "%g",
			    (double)(row->first << b) / CLOCK_SECOND);
		else
			fprintf(t->to, "%" PRIu64 ".0", row->first << b);
		fprintf(t->to, "\"} %" PRIu64 "\n", count);
	}
	count = count_of(row, cells);
	fprintf(t->to, "ringmail_%s_bucket", row->name);
	put_labels(t, s, row, i, k);
	fprintf(t->to, ",le=\"+Inf\"} %" PRIu64 "\nringmail_%s_sum", count,
	    row->name);
	put_labels(t, s, row, i, k);
	fputs("} ", t->to);
	put_number(t, row, cells[METER_BOUNDS + 1]);
	fprintf(t->to, "\nringmail_%s_count", row->name);
	put_labels(t, s, row, i, k);
	fprintf(t->to, "} %" PRIu64 "\n", count);
}

static void
put_value(const struct text *t, const struct metrics_sum *s,
    const struct meter_row *row, unsigned i, unsigned k)
{
	const uint64_t *cells = &s->values[meter_row_cell(row, i, k)];

	if (row->type == METER_HISTOGRAM_TYPE) {
		if (!row->is_sparse || count_of(row, cells) > 0)
			put_histogram(t, s, row, i, k);
		return;
	}
	if (row->is_sparse && cells[0] == 0)
		return;
	fprintf(t->to, "ringmail_%s%s", row->name,
	    row->type == METER_COUNTER ? "_total" : "");
	put_labels(t, s, row, i, k);
	fprintf(t->to, "} %" PRIu64 "\n", cells[0]);
}

static void
put_row(const struct text *t, const struct meter_row *row)
{
	put_head(t, row->name, row->type, unit_of(row), row->help);
	for (size_t n = 0; n < t->count; n++)
		for (unsigned i = 0; i < row->count; i++)
			for (unsigned k = 0; k < row->count2; k++)
				if (t->sums[n].is_known &&
				    (t->sums[n].parts & row->parts) != 0 &&
				    (row->label == NULL ||
					row->values[i] != NULL))
					put_value(t, &t->sums[n], row, i, k);
}

static void
put_own(const struct text *t)
{
	put_head(t, "up", METER_GAUGE, NULL,
	    "Whether the service's client process serves");
	for (size_t n = 0; n < t->count; n++)
		if (t->sums[n].is_client)
			fprintf(t->to, "ringmail_up{process=\"%s\"} %d\n",
			    t->sums[n].process, t->sums[n].is_up);
	put_head(t, "build_info", METER_GAUGE, NULL,
	    "Always 1; the version of helpers");
	fprintf(t->to, "ringmail_build_info{version=\"%s\"} 1\n", VERSION);
}

char *
metrics_text(const struct metrics_sum *sums, size_t count,
    enum metrics_format format, size_t *length)
{
	char *text = NULL;
	int failed;
	struct text t = {.to = open_memstream(&text, length),
	    .format = format,
	    .sums = sums,
	    .count = count};

	if (t.to == NULL)
		return NULL;
	put_own(&t);
	for (const struct meter_row *r = meter_table; r->name != NULL; r++)
		put_row(&t, r);
	if (format == METRICS_OPEN)
		fputs("# EOF\n", t.to);
	failed = ferror(t.to);
	if (fclose(t.to) == 0 && !failed)
		return text;
	free(text);
	return NULL;
}
