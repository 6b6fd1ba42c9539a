/* Tests of mailctl/metrics.c: OpenMetrics text is read, summed up, compared. */
#include "../../mailctl/metrics.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct metrics
parse(const char *text)
{
	struct metrics m;

	assert_int_equal(metrics_parse(&m, strdup(text)), 0);
	return m;
}

static void
samples(void **state)
{
	struct metrics m =
	    parse("# TYPE a counter\n# HELP a x\n"
		  "a_total{process=\"smtpd\",code=\"250\"} 5\n"
		  "a_total{process=\"smtpd\",code=\"550\"} 2.5 1700000000.1\n"
		  "a_total{process=\"pop3d\",code=\"250\"} 1e3\n"
		  "b 7\n"
		  "\nno value\nc{x=\"} y\"\nd \n{} 1\n# EOF\n");

	(void)state;
	assert_true(metrics_sum(&m, "a_total", NULL, NULL) == 1007.5);
	assert_true(
	    metrics_sum(&m, "a_total", "process=\"smtpd\"", NULL) == 7.5);
	assert_true(metrics_sum(&m, "a_total", "process=\"smtpd\"",
			"code=\"250\"") == 5);
	assert_true(metrics_sum(&m, "b", NULL, NULL) == 7);
	assert_true(metrics_sum(&m, "b", "x", NULL) == 0);
	assert_true(metrics_sum(&m, "a", NULL, NULL) == 0);
	for (size_t i = 0; i < m.count; i++)
		assert_true(
		    metrics_value(&m, &m.samples[i]) == m.samples[i].value);
	assert_true(
	    metrics_value(&m, &(struct metrics_sample){
				  .name = "a_total", .labels = "none"}) == 0);
	metrics_free(&m);
	assert_null(m.text);
	m = parse("");
	assert_int_equal(m.count, 0);
	metrics_free(&m);
}

#define HISTOGRAM(name, a, b, c)                                        \
	"h_bucket{p=\"" name "\",le=\"0.5\"} " a "\nh_bucket{p=\"" name \
	"\",le=\"1.0\"} " b "\nh_bucket{p=\"" name "\",le=\"+Inf\"} " c "\n"

static void
quantiles(void **state)
{
	struct metrics m = parse(
	    HISTOGRAM("x", "10", "10", "12") HISTOGRAM("y", "0", "8", "8"));
	struct metrics before = parse(HISTOGRAM("x", "10", "10", "10"));

	(void)state;
	assert_true(metrics_quantile(&m, NULL, "h", "p=\"x\"", 0.5) == 0.5);
	assert_true(isinf(metrics_quantile(&m, NULL, "h", "p=\"x\"", 0.99)));
	assert_true(metrics_quantile(&m, NULL, "h", "p=\"y\"", 0.5) == 1.0);
	/* Both together: 10, 18, 20. */
	assert_true(metrics_quantile(&m, NULL, "h", NULL, 0.5) == 0.5);
	assert_true(metrics_quantile(&m, NULL, "h", NULL, 0.9) == 1.0);
	/* What came since. */
	assert_true(isinf(metrics_quantile(&m, &before, "h", "p=\"x\"", 0.5)));
	assert_true(metrics_quantile(&m, &m, "h", NULL, 0.5) == -1);
	assert_true(metrics_quantile(&m, NULL, "none", NULL, 0.5) == -1);
	metrics_free(&m);
	metrics_free(&before);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(samples),
	    cmocka_unit_test(quantiles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
