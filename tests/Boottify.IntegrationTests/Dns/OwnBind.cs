using System.Diagnostics;
using CliWrap;

namespace Boottify.IntegrationTests.Dns;

/// <summary>BIND, with the rights that <c>ops/README.md</c> tells its owners to give.</summary>
public sealed class OwnBind : OwnNameServer
{
    /// <summary>May write A records alone.</summary>
    public const string LimitedName = "limited";

    /// <summary>May write anything; it is with BIND's own tool that the tests do so.</summary>
    private const string OwnerName = "owner";

    private string ProgramFile => Path.Combine(Folder, "named");

    private string Configuration => $$"""
        options {
          directory "{{Folder}}";
          pid-file none;
          session-keyfile none;
          lock-file none;
          listen-on port {{Port}} { 127.0.0.1; };
          listen-on-v6 { none; };
          recursion no;
          notify no;
          dnssec-validation no;
          empty-zones-enable no;
        };
        controls { };
        {{KeyOf(KeyName)}}
        {{KeyOf(StrangerName)}}
        {{KeyOf(LimitedName)}}
        {{KeyOf(OwnerName)}}
        zone "{{Zone}}" {
          type primary;
          file "{{Zone}}";
          update-policy { grant {{KeyName}} zonesub A AAAA; grant {{LimitedName}} zonesub A; grant {{OwnerName}} zonesub ANY; };
          allow-transfer { key {{KeyName}}; };
        };
        zone "{{ClosedZone}}" {
          type primary;
          file "{{ClosedZone}}";
          update-policy { grant nobody zonesub A; };
          allow-transfer { none; };
        };
        """;

    public override async Task AddAsync(string host, string type, string content)
    {
        // A file, as a secret belongs on no command line.
        await File.WriteAllTextAsync(Path.Combine(Folder, "owner.key"), KeyOf(OwnerName));
        await RunAsync("nsupdate", ["-v", "-k", Path.Combine(Folder, "owner.key")], PipeSource.FromString($"server 127.0.0.1 {Port}\nzone {Zone}\nupdate add {host} 60 {type} {content}\nsend\n"));
    }

    protected override async Task<ProcessStartInfo> ConfigureAsync(CancellationToken cancellation)
    {
        await File.WriteAllTextAsync(Path.Combine(Folder, "named.conf"), Configuration, cancellation);
        return new ProcessStartInfo(ProgramFile, ["-g", "-n", "1", "-c", Path.Combine(Folder, "named.conf")]);
    }

    protected override async Task MakeZonesAsync()
    {
        // AppArmor keeps the program at its usual place to the machine's own folders.
        File.Copy("/usr/sbin/named", ProgramFile);
        foreach (var zone in new[] { Zone, ClosedZone })
        {
            await File.WriteAllTextAsync(Path.Combine(Folder, zone), $"""
                $TTL 60
                @ SOA ns1.{Zone}. hostmaster.{Zone}. 1 3600 600 86400 60
                @ NS ns1.{Zone}.
                {(zone == Zone ? "ns1 A 127.0.0.1" : "")}

                """);
        }
    }

    private string KeyOf(string name) => $$"""key "{{name}}" { algorithm hmac-sha256; secret "{{Key}}"; };""";
}
