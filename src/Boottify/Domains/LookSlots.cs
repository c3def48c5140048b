namespace Boottify.Domains;

/// <summary>Looks under way on this node. A team has a few of them at most: one whose name servers are slow must not make all others wait.</summary>
/// <param name="most">Of all teams together.</param>
public class LookSlots(int most)
{
    public const int PerTeam = 2;

    private readonly Lock guard = new();
    private readonly Dictionary<string, int> taken = new(StringComparer.Ordinal);

    public IReadOnlyCollection<string> FullTeams
    {
        get
        {
            lock (guard)
                return [.. taken.Where(team => team.Value >= PerTeam).Select(team => team.Key)];
        }
    }

    public bool TryTake(string team)
    {
        lock (guard)
        {
            var own = taken.GetValueOrDefault(team);
            if (own >= PerTeam || taken.Values.Sum() >= most)
                return false;
            taken[team] = own + 1;
            return true;
        }
    }

    public void Release(string team)
    {
        lock (guard)
        {
            if (--taken[team] == 0)
                taken.Remove(team);
        }
    }
}

/// <summary>For looks that users ask for; beyond them the watch looks.</summary>
public sealed class VerifySlots() : LookSlots(8);
