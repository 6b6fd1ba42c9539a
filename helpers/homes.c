#include "homes.h"

#include "owner.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static struct {
	char path[OWNER_PATH_MAX];
	size_t length;
	int fd;
} homes[HOMES_MAX];
static size_t count;

int
homes_add(const char *path)
{
	size_t length = strlen(path);
	int fd;

	while (length > 1 && path[length - 1] == '/')
		length--;
	if (count == HOMES_MAX || length >= sizeof(homes[0].path)) {
		errno = ENOSPC;
		return -1;
	}
	if ((fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC)) == -1)
		return -1;
	memcpy(homes[count].path, path, length);
	homes[count].length = length;
	homes[count++].fd = fd;
	return 0;
}

int
homes_of(const char **path)
{
	size_t i, length;

	for (i = 0; i < count; i++) {
		length = homes[i].length;
		if (strncmp(*path, homes[i].path, length) == 0 &&
		    (*path)[length] == '/' && (*path)[length + 1] != '\0') {
			*path += length + 1;
			return homes[i].fd;
		}
	}
	errno = EACCES;
	return -1;
}

int
homes_has(const char *path)
{
	return *path == '/' && homes_of(&path) != -1;
}
