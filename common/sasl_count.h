/*
 * sasl_count -- counts logins (meter.h) by their mechanism and what came of
 * them.
 */
#ifndef SASL_COUNT_H
#define SASL_COUNT_H

#include "sasl_relay.h"

#include <stdint.h>

/* An exchange that began then (monotonic ns) is over.  Returns result. */
enum sasl_relay_result
sasl_count(const char *mechanism, enum sasl_relay_result result, int64_t since);

#endif
