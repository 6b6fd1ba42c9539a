#include "tls_settings.h"

#include <stdio.h>

const char *const tls_versions[] = {"1.2", "1.3", NULL};
const char *const tls_clients[] = {"off", "optional", NULL};

int
tls_check_path(const char *value, char *why, size_t size)
{
	if (value[0] == '/')
		return 0;
	snprintf(why, size, "'%.64s' is no absolute path", value);
	return -1;
}

int
tls_check_path_or_none(const char *value, char *why, size_t size)
{
	return value[0] == '\0' ? 0 : tls_check_path(value, why, size);
}

int
tls_settings_has_trust(const struct tls_settings *settings)
{
	return settings->trust != NULL && settings->trust[0] != '\0';
}
