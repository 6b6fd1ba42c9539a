#include "kv_copy.h"

#include "kv_parts.h"
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOG_PREFIX "log."
#define LOG_DIGITS 10

static int
is_ours(const char *name)
{
	const size_t prefix = sizeof(LOG_PREFIX) - 1;

	for (int i = 0; i < KV_TABLES; i++)
		if (strcmp(name, kv_table_files[i]) == 0)
			return 1;
	return strncmp(name, LOG_PREFIX, prefix) == 0 &&
	       strlen(name) == prefix + LOG_DIGITS &&
	       strspn(name + prefix, "0123456789") == LOG_DIGITS;
}

static enum kv_status
failed_with(struct kv *kv, int error)
{
	return kv_parts_failed(kv, "copy", error);
}

/* -1 with errno. */
static int
open_file(const struct kv *kv, const char *name)
{
	const char *home;
	char path[1024];
	int code;

	if ((code = kv->env->get_home(kv->env, &home)) != 0) {
		errno = code;
		return -1;
	}
	if ((size_t)snprintf(path, sizeof(path), "%s/%s", home, name) >=
	    sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
}

static enum kv_status
note(struct kv *kv, struct kv_copy_file *file, const char *name)
{
	int fd = open_file(kv, name), result = -1;
	struct stat st = {0};

	if (fd != -1) {
		result = fstat(fd, &st);
		close(fd);
	}
	if (result == -1)
		return failed_with(kv, errno);
	snprintf(file->name, sizeof(file->name), "%s", name);
	file->size = (uint64_t)st.st_size;
	return KV_OK;
}

enum kv_status
kv_copy_begin(
    struct kv *kv, struct kv_copy_file files[KV_TABLES], size_t *count)
{
	enum kv_status status = KV_OK;
	int code;

	kv->is_copied = 1;
	*count = 0;
	if ((code = kv->env->txn_checkpoint(kv->env, 0, 0, DB_FORCE)) != 0)
		return failed_with(kv, code);
	while (*count < KV_TABLES && status == KV_OK) {
		status = note(kv, &files[*count], kv_table_files[*count]);
		*count += status == KV_OK;
	}
	return status;
}

enum kv_status
kv_copy_log(
    struct kv *kv, struct kv_copy_file files[KV_COPY_MOST], size_t *count)
{
	enum kv_status status = KV_OK;
	DB_ENV *env = kv->env;
	char **names = NULL;
	int code;

	*count = 0;
	if ((code = env->log_flush(env, NULL)) != 0 ||
	    (code = env->log_archive(env, &names, DB_ARCH_LOG)) != 0)
		return failed_with(kv, code);
	for (char **name = names;
	     status == KV_OK && name != NULL && *name != NULL; name++) {
		if (*count == KV_COPY_MOST) {
			status = failed_with(kv, EFBIG);
		} else if (is_ours(*name)) {
			status = note(kv, &files[*count], *name);
			*count += status == KV_OK;
		}
	}
	free(names);
	return status;
}

enum kv_status
kv_copy_read(struct kv *kv, const char *name, uint64_t at, void *data,
    size_t size, size_t *length)
{
	enum kv_status status = KV_OK;
	ssize_t n;
	int fd;

	*length = 0;
	if (!is_ours(name) || at > INT64_MAX - size)
		return KV_NONE;
	if ((fd = open_file(kv, name)) == -1)
		return errno == ENOENT ? KV_NONE : failed_with(kv, errno);
	do
		n = pread(fd, (char *)data + *length, size - *length,
		    (off_t)(at + *length));
	while (n > 0 && (*length += (size_t)n) < size);
	if (n == -1)
		status = failed_with(kv, errno);
	close(fd);
	return status;
}

void
kv_copy_end(struct kv *kv)
{
	kv->is_copied = 0;
}
