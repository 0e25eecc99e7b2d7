-- One row per unit or area, year and source of the mart whose workforce it shows: the Global Majority's share and the headcount
-- against the year before, and the declaration rate.
with workforce as (
    select
        unit_code,
        unit_name,
        unit_level,
        source,
        as_at_year,
        is_carried_forward,
        max(headcount) filter (where ethnic_group = 'total') as total,
        max(headcount) filter (where ethnic_group = 'known') as known,
        max(share_of_known_pct) filter (where ethnic_group = 'global_majority') as share_pct,
        max(declaration_rate_pct) as declaration_rate_pct
    from marts_candidate.mart_leadership__representation
    where tier = 'all'
    group by unit_code, unit_name, unit_level, source, as_at_year, is_carried_forward
),

final as (
    select
        this_year.source,
        this_year.unit_level,
        this_year.unit_name || ' ' || this_year.as_at_year || ', ' || this_year.source as place,
        this_year.as_at_year = max(this_year.as_at_year) over (partition by this_year.source) as is_newest,
        -- Of fewer than 50 people one is 2 points.
        least(this_year.known, last_year.known) >= 50 as is_large,
        this_year.share_pct,
        last_year.share_pct as previous_share_pct,
        abs(this_year.share_pct - last_year.share_pct) as points_changed,
        this_year.total,
        last_year.total as previous_total,
        this_year.total / nullif(last_year.total, 0) as times_last_year,
        this_year.declaration_rate_pct
    from workforce as this_year
    left join workforce as last_year
        on
            this_year.unit_code = last_year.unit_code
            and this_year.source = last_year.source
            and this_year.as_at_year - 1 = last_year.as_at_year
)

select * from final
where is_newest
order by place
