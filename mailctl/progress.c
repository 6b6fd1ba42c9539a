#include "progress.h"

#include "clock.h"
#include "output.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define WIDTH 30
/* The piece that moves where the total is not known. */
#define PIECE 5
#define PAUSE (CLOCK_SECOND / 2)
#define STEP  (PROGRESS_TICK_MS * CLOCK_MILLISECOND)

static struct {
	const char *what, *unit;
	uint64_t total, done;
	const struct progress_numbers *watched;
	int64_t began, drawn;
	int is_on, is_shown;
} bar;

/* Not by stderr, whose words take the bar away (said.c). */
static void
put(const char *text)
{
	/* It is there to be looked at: nothing is lost with it. */
	if (write(STDERR_FILENO, text, strlen(text)) == -1)
		bar.is_on = 0;
}

/* Whether what stands on standard error can be taken away again. */
static int
is_screen(void)
{
	const char *term = getenv("TERM");

	return isatty(STDERR_FILENO) &&
	       (term == NULL || strcmp(term, "dumb") != 0);
}

void
progress_begin(const char *what, const char *unit, uint64_t total)
{
	progress_end();
	bar.what = what;
	bar.unit = unit;
	bar.total = total;
	bar.done = 0;
	bar.watched = NULL;
	bar.is_on = is_screen() && !output_json;
	bar.began = clock_now();
	bar.drawn = 0;
}

/* What fits into a line: a bar that is wrapped could not be taken away. */
static int
columns(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == -1 || size.ws_col == 0)
		return 79;
	return size.ws_col - 1;
}

/* A bar of which `length` columns are full, those behind `from`; where there is
 * no room for it, what fits of the words and the numbers. */
static void
draw(int from, int length, const char *numbers)
{
	char field[WIDTH + 1], text[256], line[272];
	int room = columns(), left = room - (int)strlen(numbers) - 1;

	memset(field, ' ', WIDTH);
	memset(field + from, '#', (size_t)length);
	field[WIDTH] = '\0';
	if (snprintf(text, sizeof(text), "%.60s [%s] %s", bar.what, field,
		numbers) > room)
		snprintf(text, sizeof(text), "%.*s %s", left > 0 ? left : 0,
		    bar.what, numbers);
	snprintf(line, sizeof(line), "\r%.*s\033[K", room, text);
	put(line);
	bar.is_shown = 1;
}

/* There and back again, a step a tick. */
static int
place_of_piece(int64_t ticks)
{
	const int64_t way = WIDTH - PIECE, at = ticks % (2 * way);

	return (int)(at < way ? at : 2 * way - at);
}

void
progress_watch(const struct progress_numbers *numbers)
{
	bar.watched = numbers;
}

/* The two are not written at once: one may be of earlier work. */
static void
look(void)
{
	if (bar.watched == NULL)
		return;
	bar.total = __atomic_load_n(&bar.watched->total, __ATOMIC_RELAXED);
	bar.done = __atomic_load_n(&bar.watched->done, __ATOMIC_RELAXED);
	if (bar.total == 0)
		bar.done = 0;
	else if (bar.done > bar.total)
		bar.done = bar.total;
}

void
progress_tick(void)
{
	const int64_t now = clock_now();
	char numbers[128];

	if (!bar.is_on || now < bar.began + PAUSE || now < bar.drawn + STEP)
		return;
	bar.drawn = now;
	look();
	if (bar.total > 0) {
		snprintf(numbers, sizeof(numbers),
		    "%3" PRIu64 " %% (%" PRIu64 " of %" PRIu64 " %s)",
		    bar.done * 100 / bar.total, bar.done, bar.total, bar.unit);
		draw(0, (int)(bar.done * WIDTH / bar.total), numbers);
		return;
	}
	snprintf(numbers, sizeof(numbers), "%" PRId64 " s",
	    (now - bar.began) / CLOCK_SECOND);
	if (bar.done > 0)
		snprintf(numbers + strlen(numbers),
		    sizeof(numbers) - strlen(numbers), " (%" PRIu64 " %s)",
		    bar.done, bar.unit);
	draw(place_of_piece((now - bar.began) / STEP), PIECE, numbers);
}

void
progress_step(uint64_t done)
{
	if (!bar.is_on)
		return;
	bar.done = bar.total > 0 && done > bar.total ? bar.total : done;
	progress_tick();
}

void
progress_add(uint64_t more)
{
	progress_step(bar.done + more);
}

int
progress_is_on(void)
{
	return bar.is_on;
}

void
progress_hide(void)
{
	if (bar.is_shown)
		put("\r\033[K");
	bar.is_shown = 0;
}

void
progress_end(void)
{
	progress_hide();
	bar.watched = NULL;
	bar.is_on = 0;
}
