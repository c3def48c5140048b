using System.Net;

namespace Boottify.Domains;

/// <summary>What answered to a self-check.</summary>
public enum SelfCheckAnswer
{
    /// <summary>Our edge, with the right answer.</summary>
    Ours,

    /// <summary>Nothing listens there.</summary>
    Refused,

    /// <summary>Nothing came in time.</summary>
    Silent,

    /// <summary>A connection that ended, or no HTTP.</summary>
    Broken,

    /// <summary>This machine has no way there, as one without IPv6: what answers cannot be seen from here.</summary>
    Unseen,

    /// <summary>A server that is not our edge.</summary>
    Foreign,

    /// <summary>A server that sends all requests elsewhere.</summary>
    Redirect,
}

/// <param name="Status">Of the HTTP answer; 0 when there was none.</param>
/// <param name="Detail">Where a redirect leads, or what went wrong; written by strangers.</param>
public sealed record SelfCheckSight(IPEndPoint Target, SelfCheckAnswer Answer, int Status = 0, string? Detail = null);

/// <summary>What a self-check's answer means for a domain; pure.</summary>
public static class SelfCheckJudgement
{
    /// <returns>Null when our edge answers there.</returns>
    public static Trouble? Of(string host, SelfCheckSight seen) => seen.Answer switch
    {
        SelfCheckAnswer.Ours => null,
        SelfCheckAnswer.Redirect => new Trouble(
            $"http://{host} at {seen.Target} answered {seen.Status}, a redirect to {Shown(seen.Detail ?? "nowhere")}: a global HTTP to HTTPS redirect in front of us would break the certificate. The address is the platform's: its operator has to let requests below /.well-known/acme-challenge/ through to the edge over plain HTTP."),
        SelfCheckAnswer.Unseen => new Trouble(
            $"The control plane has no way to {seen.Target.Address} ({Shown(seen.Detail ?? "")}), so it cannot see whether the edge answers for {host} there, and no certificate is ordered yet. The platform's operator has to give it one. It is tried again by itself."),
        _ => new Trouble($"http://{host} at {seen.Target}: {Words(seen)}. The certificate authority would find the same, so no certificate is ordered yet. The address is the platform's: its operator has to see to it that port 80 leads to the edge, past any proxy or firewall. It is tried again by itself."),
    };

    /// <summary>The same when the edge cannot be reached by our own way either: nothing that the domain's owner could mend.</summary>
    public static Trouble EdgeIsAway(string host, SelfCheckSight seen) => new(
        $"The platform's edge does not answer the control plane at the moment, and http://{host} at {seen.Target}: {Words(seen)}. There is nothing for you to do: it is tried again by itself.");

    private static string Words(SelfCheckSight seen) => seen.Answer switch
    {
        SelfCheckAnswer.Refused => "connection refused, nothing listens there",
        SelfCheckAnswer.Silent => "timeout, no answer within 5 s",
        SelfCheckAnswer.Broken => $"the connection ended without an answer ({Shown(seen.Detail ?? "")})",
        SelfCheckAnswer.Unseen => "the control plane has no way there",
        SelfCheckAnswer.Redirect => $"it answered {seen.Status}, a redirect",
        SelfCheckAnswer.Foreign => $"another server answered with status {seen.Status}",
        _ => throw new ArgumentOutOfRangeException(nameof(seen), seen.Answer, "This is no trouble."),
    };

    /// <summary>What a stranger answered, fit to be shown.</summary>
    private static string Shown(string text) => new([.. text.Take(200).Select(c => c is >= ' ' and < (char)127 ? c : '?')]);
}
