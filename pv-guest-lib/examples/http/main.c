/* SPDX-License-Identifier: MIT */
/*
 * Serves a page over HTTP: the library's network front end below lwIP, which
 * calls back from the loop at the end. The address comes by DHCP.
 */
#include <lwip/dhcp.h>
#include <lwip/etharp.h>
#include <lwip/init.h>
#include <lwip/sys.h>
#include <lwip/tcp.h>
#include <lwip/timeouts.h>
#include <stdio.h>
#include <string.h>

#include <pvguest/event.h>
#include <pvguest/net.h>
#include <pvguest/time.h>

static struct pv_net *card;
static struct netif netif;

u32_t sys_now(void)
{
	return (u32_t)(pv_time_ns() / 1000000);
}

static void receive(void *context, const struct pv_net_frame *frame)
{
	struct pbuf *p = pbuf_alloc(PBUF_RAW, (u16_t)frame->bytes, PBUF_POOL);
	unsigned int i;
	uint32_t at = 0;

	for (i = 0; p && i < frame->n_parts; at += frame->parts[i++].bytes)
		pbuf_take_at(p, frame->parts[i].data,
			     (u16_t)frame->parts[i].bytes, (u16_t)at);
	if (p && netif.input(p, &netif) != ERR_OK)
		pbuf_free(p);
}

static err_t send(struct netif *to, struct pbuf *p)
{
	struct pv_net_part parts[32];
	struct pv_net_frame frame = { .parts = parts };

	for (; p && frame.n_parts < 32; p = p->next)
		parts[frame.n_parts++] =
			(struct pv_net_part){ p->payload, p->len };
	return !p && pv_net_send(card, &frame) == 0 ? ERR_OK : ERR_MEM;
}

static err_t prepare(struct netif *new)
{
	memcpy(new->hwaddr, pv_net_info(card)->mac, ETH_HWADDR_LEN);
	new->hwaddr_len = ETH_HWADDR_LEN;
	new->mtu = 1500;
	new->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP |
		     NETIF_FLAG_ETHERNET | NETIF_FLAG_LINK_UP;
	new->output = etharp_output;
	new->linkoutput = send;
	return ERR_OK;
}

static void report(struct netif *changed)
{
	const ip4_addr_t *address = netif_ip4_addr(changed);

	if (!ip4_addr_isany(address))
		printf("http: serving on http://%s/\n", ip4addr_ntoa(address));
}

/* A connection's argument is what it has been sent so far. */
static void lost(void *request, err_t error)
{
	pbuf_free(request); /* NULL is no matter */
}

static void answer(struct tcp_pcb *pcb, const struct pbuf *request)
{
	static unsigned int served;
	char text[256] = "HTTP/1.0 404 Not Found\r\n\r\n";

	if (pbuf_memcmp(request, 0, "GET / ", 6) == 0)
		snprintf(text, sizeof(text),
			 "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n"
			 "A guest kernel made with pv-guest-lib.\n"
			 "Request %u, %u ms after the machine's start.\n",
			 ++served, (unsigned int)sys_now());
	tcp_write(pcb, text, (u16_t)strlen(text), TCP_WRITE_FLAG_COPY);
}

static err_t request_came(void *request, struct tcp_pcb *pcb, struct pbuf *p,
			  err_t error)
{
	if (p) {
		tcp_recved(pcb, p->tot_len);
		if (request)
			pbuf_cat(request, p);
		else
			tcp_arg(pcb, request = p);
		if (pbuf_memfind(request, "\r\n\r\n", 4, 0) != UINT16_MAX)
			answer(pcb, request);
		else if (((struct pbuf *)request)->tot_len < TCP_WND)
			return ERR_OK; /* there is more to come */
	}
	/* Answered, too long, or closed by the other side. */
	tcp_arg(pcb, NULL);
	tcp_recv(pcb, NULL);
	lost(request, ERR_OK);
	if (tcp_close(pcb) == ERR_OK)
		return ERR_OK;
	tcp_abort(pcb);
	return ERR_ABRT;
}

static err_t accepted(void *context, struct tcp_pcb *pcb, err_t error)
{
	if (!pcb)
		return ERR_VAL;
	tcp_recv(pcb, request_came);
	tcp_err(pcb, lost);
	return ERR_OK;
}

int main(void)
{
	const struct pv_net_options options = { .receive = receive };
	struct tcp_pcb *listener;
	int rc;

	card = pv_net_open(0, &options, &rc);
	if (!card)
		return printf("http: no network card: error %d\n", rc);
	srand((unsigned int)pv_time_ns());
	lwip_init();
	listener = tcp_new();
	netif_add(&netif, NULL, NULL, NULL, NULL, prepare, netif_input);
	netif_set_status_callback(&netif, report);
	netif_set_default(&netif);
	netif_set_up(&netif);
	dhcp_start(&netif);
	tcp_bind(listener, IP_ADDR_ANY, 80);
	tcp_accept(tcp_listen(listener), accepted);
	while (pv_net_check(card)) {
		sys_check_timeouts();
		pv_net_kick(card);
		pv_wait(pv_time_ns() + sys_timeouts_sleeptime() * 1000000ul);
	}
	return 1;
}
