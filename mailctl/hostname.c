#include "hostname.h"

#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void
hostname_find(char *name, size_t size)
{
	struct addrinfo hints = {.ai_flags = AI_CANONNAME}, *found = NULL;

	name[size - 1] = '\0';
	if (gethostname(name, size - 1) == -1)
		name[0] = '\0';
	if (name[0] == '\0' || strchr(name, '.') != NULL ||
	    getaddrinfo(name, NULL, &hints, &found) != 0)
		return;
	if (found->ai_canonname != NULL)
		snprintf(name, size, "%s", found->ai_canonname);
	freeaddrinfo(found);
}
