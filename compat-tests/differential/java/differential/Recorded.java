// SPDX-License-Identifier: Apache-2.0
package differential;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Proxy;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;

/** Which methods of Admin were called. Threads: one. */
final class Recorded {
  /** Methods of other work, by name, each with its reason. */
  private static final List<Excluded> EXCLUDED = List.of(
      new Excluded(".*Acls",
          "security: the tests of the ACL handlers hold what is answered without an authorizer"),
      new Excluded(".*DelegationToken", "security"),
      new Excluded(".*UserScramCredentials", "security"),
      new Excluded(".*ClientQuotas", "client quotas"),
      new Excluded(".*Transactions?", "transactions"),
      new Excluded("fenceProducers", "transactions"),
      new Excluded(".*ShareGroup.*", "share groups"),
      new Excluded(".*StreamsGroup.*", "streams groups"));

  private record Excluded(String names, String reason) {
    boolean holds(Method method) {
      return Pattern.matches(names, method.getName());
    }
  }

  private final TreeSet<String> called = new TreeSet<>();

  /** {@code admin}, with each call noted. */
  Admin watch(Admin admin) {
    return (Admin) Proxy.newProxyInstance(
        Admin.class.getClassLoader(), new Class<?>[] {Admin.class}, (proxy, method, arguments) -> {
          called.add(signature(method));
          try {
            return method.invoke(admin, arguments);
          } catch (InvocationTargetException thrown) {
            throw thrown.getCause();
          }
        });
  }

  /** The methods that are neither called nor excluded, and the exclusions that exclude nothing. */
  List<String> missing() {
    List<Method> methods = Arrays.stream(Admin.class.getMethods())
                               .filter(method -> !Modifier.isStatic(method.getModifiers()))
                               .toList();
    TreeSet<String> missing =
        methods.stream()
            .filter(method -> EXCLUDED.stream().noneMatch(excluded -> excluded.holds(method)))
            .map(Recorded::signature)
            .collect(Collectors.toCollection(TreeSet::new));
    missing.removeAll(called);
    EXCLUDED.stream()
        .filter(excluded -> methods.stream().noneMatch(excluded::holds))
        .forEach(excluded -> missing.add("nothing is named " + excluded.names()));
    return List.copyOf(missing);
  }

  private static String signature(Method method) {
    return method.getName()
        + Arrays.stream(method.getParameterTypes())
              .map(Class::getSimpleName)
              .collect(Collectors.joining(", ", "(", ")"));
  }
}
