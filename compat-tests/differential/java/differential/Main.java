// SPDX-License-Identifier: Apache-2.0
package differential;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;

/**
 * Calls every method of Admin on one broker and writes what it got.
 *
 * <p>Arguments: the broker's host:port, the file to write, then pairs of a text and what to write
 * in its place (paths of the broker's directories). Exit code 1 if a method of Admin was left out.
 */
public final class Main {
  private Main() {}

  public static void main(String[] arguments) throws Exception {
    String bootstrap = arguments[0];
    Placeholders placeholders = new Placeholders();
    for (int at = 2; at + 1 < arguments.length; at += 2) {
      placeholders.replace(arguments[at], arguments[at + 1]);
    }
    Document document = new Document(placeholders);
    Recorded recorded = new Recorded();
    Map<String, Object> settings =
        Map.of("bootstrap.servers", bootstrap, "client.id", "differential");
    Admin unwatched = Admin.create(settings);
    Admin admin = recorded.watch(Admin.create(settings));
    placeholders.replace(unwatched.describeCluster().clusterId().get(), "<cluster id>");
    Run run = new Run(bootstrap, admin, unwatched, document, placeholders);
    TopicCases.run(run);
    ConfigCases.run(run);
    DataCases.run(run);
    LogDirCases.run(run);
    GroupCases.run(run);
    ClusterCases.run(run);
    document.write(Path.of(arguments[1]));
    List<String> missing = recorded.missing();
    missing.forEach(method -> System.err.println("not called and not excluded: " + method));
    System.exit(missing.isEmpty() ? 0 : 1);
  }
}
