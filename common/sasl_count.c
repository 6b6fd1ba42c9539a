#include "sasl_count.h"

#include "clock.h"
#include "meter.h"

enum sasl_relay_result
sasl_count(const char *mechanism, enum sasl_relay_result result, int64_t since)
{
	enum meter_result what = METER_BAD;

	if (result == SASL_RELAY_OK || result == SASL_RELAY_BACKEND)
		what = METER_GOOD;
	else if (result == SASL_RELAY_TEMPORARY)
		what = METER_TEMPORARY;
	meter_add(
	    METER_LOGINS + meter_mechanism(mechanism) * METER_RESULTS + what,
	    1);
	meter_time(METER_LOGIN_TIME, clock_now() - since);
	return result;
}
