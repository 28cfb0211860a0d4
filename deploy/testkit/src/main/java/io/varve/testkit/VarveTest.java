package io.varve.testkit;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * A test class that needs Varve: it and its {@code @Nested} classes get parameters of type {@link
 * io.varve.client.VarveClient}, {@link EmbeddedVarve} and {@link Specification}; see {@link
 * VarveExtension}.
 */
@Documented
@Inherited
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
@ExtendWith(VarveExtension.class)
public @interface VarveTest {

  /**
   * Whether every test gets a node of its own, whose log is empty; that costs each some 0.2 s. By
   * default the tests of a class share one node and its log: let each use event sources of its own.
   */
  boolean freshLogPerTest() default false;
}
