#include "progress.h"

#include "clock.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define WIDTH 30
#define PAUSE (CLOCK_SECOND / 2)
#define STEP  (CLOCK_SECOND / 10)

static struct {
	const char *what;
	size_t total;
	int64_t began, drawn;
	int is_shown;
} bar;

void
progress_begin(const char *what, size_t total)
{
	bar.what = what;
	bar.total = isatty(STDERR_FILENO) ? total : 0;
	bar.began = clock_now();
	bar.drawn = 0;
	bar.is_shown = 0;
}

void
progress_step(size_t done)
{
	static const char full[] = "##############################";
	int64_t now;
	int part;

	if (bar.total == 0 || done > bar.total)
		return;
	now = clock_now();
	if (now < bar.began + PAUSE || now < bar.drawn + STEP)
		return;
	bar.drawn = now;
	bar.is_shown = 1;
	part = (int)(done * WIDTH / bar.total);
	fprintf(stderr, "\r%s [%.*s%*s] %3zu %% (%zu of %zu)\033[K", bar.what,
	    part, full, WIDTH - part, "", done * 100 / bar.total, done,
	    bar.total);
}

void
progress_end(void)
{
	if (bar.is_shown)
		fputs("\r\033[K", stderr);
	bar.is_shown = 0;
	bar.total = 0;
}
