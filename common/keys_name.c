#include "keys_name.h"

#include <string.h>

int
keys_name_is_key(const char *name)
{
	size_t length = strlen(name);

	return name[0] != '.' && length > 4 && length < KEYS_NAME_MAX &&
	       (strcmp(name + length - 4, ".pem") == 0 ||
		   strcmp(name + length - 4, ".key") == 0);
}
