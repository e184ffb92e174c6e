/* SPDX-License-Identifier: MIT */
/* Disk access that waits: block_sync.h. */
#include "drivers/block_sync.h"

#include <public/errno.h>
#include <pvguest/event.h>
#include <pvguest/mm.h>

_Static_assert(BLOCK_PAGE == PV_PAGE_SIZE, "pages");

static uint64_t maddr_of(const void *page)
{
	return pv_va_to_mfn(page) << PV_PAGE_SHIFT;
}

void *block_page_alloc(uint64_t *maddr)
{
	void *page = pv_page_alloc();

	if (page)
		*maddr = maddr_of(page);
	return page;
}

void block_page_free(void *page)
{
	pv_page_free(page);
}

struct answer {
	bool done;
	int error;
};

static void take_answer(struct block_request *request, int error)
{
	struct answer *answer = request->context;

	answer->done = true;
	answer->error = error;
}

int block_read_page(struct block_device *device, uint64_t sector,
		    uint32_t sectors, void *page)
{
	struct answer answer = { .done = false };
	struct block_segment segment = { page, maddr_of(page),
					 sectors * BLOCK_SECTOR };
	struct block_request request = {
		.op = BLOCK_READ,
		.sector = sector,
		.sectors = sectors,
		.segments = &segment,
		.segment_count = 1,
		.done = take_answer,
		.context = &answer,
	};

	if (sectors > BLOCK_PAGE_SECTORS)
		return -XEN_E2BIG;
	block_submit(device, &request);
	block_kick(device);
	while (!answer.done)
		pv_wait(PV_FOREVER);
	return answer.error;
}
