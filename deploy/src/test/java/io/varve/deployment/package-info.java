/** Tests of what is deployed: the container image and the Kubernetes manifests. */
@NullMarked
package io.varve.deployment;

import org.jspecify.annotations.NullMarked;
