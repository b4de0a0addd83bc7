/** The loop that plays job controller, garbage collector, scheduler and kubelet for one local node. */
package dev.socratic.local.agent;
