#include "mechanism.h"

#include "conf.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

int
mechanism_fits(
    const char *mechanism, const struct sasl_channel *channel, int plaintext)
{
	static const char *const in_clear[] = {
	    "PLAIN", "LOGIN", "USER", "OAUTHBEARER", "XOAUTH2", NULL};
	size_t length = strlen(mechanism);

	if (strcasecmp(mechanism, "EXTERNAL") == 0)
		return channel->is_tls && channel->certificate[0] != '\0';
	if (length > 5 && strcasecmp(mechanism + length - 5, "-PLUS") == 0)
		return channel->is_tls && (channel->exporter_length > 0 ||
					      channel->end_point_length > 0);
	for (int i = 0; in_clear[i] != NULL; i++)
		if (strcasecmp(mechanism, in_clear[i]) == 0)
			return channel->is_tls || plaintext;
	return 1;
}

int
mechanism_check(const char *value, char *why, size_t size)
{
	static const char *const names[] = {"SCRAM-SHA-256-PLUS",
	    "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-1", "EXTERNAL",
	    "OAUTHBEARER", "XOAUTH2", "PLAIN", "LOGIN", "USER", "CRAM-MD5",
	    "APOP", NULL};
	const char *near;

	for (size_t i = 0; names[i] != NULL; i++)
		if (strcasecmp(names[i], value) == 0)
			return 0;
	near = conf_nearest(value, names);
	snprintf(why, size, "'%.32s' is no mechanism that we know%s%s%s", value,
	    near == NULL ? "" : "; did you mean '", near == NULL ? "" : near,
	    near == NULL ? "" : "'?");
	return -1;
}
