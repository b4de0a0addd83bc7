/** What a cluster's controller manager does for {@code batch/v1} Jobs and for owned objects, as far as one node needs it. */
package dev.socratic.local.jobs;
