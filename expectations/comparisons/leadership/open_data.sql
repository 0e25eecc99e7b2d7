-- One row per source and year of the public table: its rows that the members' mart does not have or has otherwise, and the
-- members' rows it lacks. From returns a public headcount is the members' one rounded to 5, and hidden where that is.
with members as (
    select
        unit_code,
        as_at_year,
        source,
        tier,
        ethnic_group,
        headcount,
        headcount_status,
        share_of_known_pct,
        share_status
    from marts_candidate.mart_leadership__representation
    where source = 'dfe' or unit_level <> 'authority'
),

compared as (
    select
        coalesce(members.source, public_rows.source) as source,
        coalesce(members.as_at_year, public_rows.as_at_year) as as_at_year,
        public_rows.unit_code is null as is_absent,
        members.unit_code is null
        or (
            public_rows.unit_code is not null
            and (
                (members.headcount_status is distinct from public_rows.headcount_status)
                or (members.source = 'dfe' and (members.headcount is distinct from public_rows.headcount))
                or (
                    members.source = 'dfe' and (members.share_of_known_pct is distinct from public_rows.share_of_known_pct)
                )
                or (members.source = 'returns' and abs(members.headcount - public_rows.headcount) > 2.5)
                or (members.source = 'returns' and mod(public_rows.headcount, 5) <> 0)
            )
        ) as is_different
    from members
    full outer join open_data_candidate.leadership_representation as public_rows
        on
            members.unit_code = public_rows.unit_code
            and members.as_at_year = public_rows.as_at_year
            and members.source = public_rows.source
            and members.tier = public_rows.tier
            and members.ethnic_group = public_rows.ethnic_group
),

final as (
    select
        source || ' ' || as_at_year as place,
        count(*) filter (where is_different) as rows_different,
        count(*) filter (where is_absent) as rows_absent
    from compared
    group by source, as_at_year
)

select * from final
order by place
