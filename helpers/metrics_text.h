/*
 * metrics_text -- counters as OpenMetrics text 1.0, or as the older text format
 * of Prometheus (0.0.4).  docs/metrics.md has each series.
 */
#ifndef METRICS_TEXT_H
#define METRICS_TEXT_H

#include "metrics_sources.h"

enum metrics_format { METRICS_OPEN, METRICS_PLAIN };

/* The text, the caller's, *length octets; NULL where memory is out. */
char *metrics_text(const struct metrics_sum *sums, size_t count,
    enum metrics_format format, size_t *length);

/* Its media type. */
const char *metrics_text_type(enum metrics_format format);

#endif
