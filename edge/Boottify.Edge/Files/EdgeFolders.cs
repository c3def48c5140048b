namespace Boottify.Edge.Files;

/// <summary>
/// The edge's places on disk, and who may read them. Everything is the edge's alone but what nginx's workers must reach:
/// certificates (opened by a worker at each handshake) and the socket of the challenge answers.
/// </summary>
public sealed class EdgeFolders
{
    private const UnixFileMode Own = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode ReachableByWorkers = Own | UnixFileMode.GroupExecute;

    public EdgeFolders(EdgeSettings settings)
    {
        Root = settings.Data;
        Routes = Path.Combine(Root, "routes");
        Acme = Path.Combine(Root, "acme");
        Certificates = Path.Combine(Root, "certificates");
        CertificateStates = Path.Combine(Root, "certificate-states");
        Nginx = Path.Combine(Root, "nginx");
        Fresh = Path.Combine(Nginx, "fresh");
        Sockets = Path.Combine(Root, "run");
    }

    public string Root { get; }

    /// <summary>One JSON file an app: what the control plane wants.</summary>
    public string Routes { get; }

    /// <summary>A folder for each ACME directory: account key and orders under way.</summary>
    public string Acme { get; }

    /// <summary>One PEM file a host: key and chain.</summary>
    public string Certificates { get; }

    /// <summary>One JSON file a host whose certificate is not fine: failures, reason, next attempt.</summary>
    public string CertificateStates { get; }

    public string Nginx { get; }

    /// <summary>An empty file a host that nginx shall send to over new connections for now; its time of change is when that ends.</summary>
    public string Fresh { get; }

    public string Sockets { get; }

    public string ChallengeSocket => Path.Combine(Sockets, "challenges.sock");
    public string ProbeSocket => Path.Combine(Sockets, "probe.sock");

    /// <exception cref="InvalidOperationException">The place cannot work; the message says why and what to do.</exception>
    public void Prepare(EdgeSettings settings)
    {
        const int longestSocketPath = 107;
        if (ChallengeSocket.Length > longestSocketPath)
            throw new InvalidOperationException($"BOOTTIFY_EDGE_DATA is too long for a unix socket in it. Choose a folder of at most {longestSocketPath - 20} characters.");

        foreach (var folder in (string[])[Root, Routes, Acme, Certificates, CertificateStates, Nginx, Path.Combine(Nginx, "tmp"), Fresh, Sockets])
            Directory.CreateDirectory(folder, Own);
        if (!Posix.IsRoot) return; // Workers then run as the edge's own user.

        var group = Posix.GroupOf(settings.NginxUser)
            ?? throw new InvalidOperationException($"There is no user {settings.NginxUser} for nginx's workers. Create it or set BOOTTIFY_NGINX_USER.");
        foreach (var folder in (string[])[Root, Nginx, Path.Combine(Nginx, "tmp"), Fresh])
        {
            Posix.ChangeGroup(folder, group);
            File.SetUnixFileMode(folder, ReachableByWorkers);
        }

        // Set-group-id: what is made in here belongs to the workers' group from its first moment.
        foreach (var folder in (string[])[Certificates, Sockets])
        {
            Posix.ChangeGroup(folder, group);
            File.SetUnixFileMode(folder, ReachableByWorkers | UnixFileMode.SetGroup);
        }

        RefuseClosedParents();
    }

    private void RefuseClosedParents()
    {
        for (var parent = Directory.GetParent(Root); parent is not null; parent = parent.Parent)
            if (!parent.UnixFileMode.HasFlag(UnixFileMode.OtherExecute))
                throw new InvalidOperationException(
                    $"nginx's workers cannot pass through {parent.FullName} to the certificates. Run `chmod o+x {parent.FullName}` or choose another BOOTTIFY_EDGE_DATA.");
    }
}
