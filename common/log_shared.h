/*
 * log_shared -- level, format and rate of the log: a process's own, or its
 * parent's, which it then sees and can't change (log_share, log_follow).
 */
#ifndef LOG_SHARED_H
#define LOG_SHARED_H

#include "log.h"

enum log_level log_shared_level(void);
enum log_format log_shared_format(void);
int64_t log_shared_rate(void);

#endif
