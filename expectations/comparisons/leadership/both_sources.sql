-- One row per unit or area and year that both DfE and returns show: all social workers by each.
with final as (
    select
        returned.unit_name || ' ' || returned.as_at_year as place,
        returned.unit_level,
        returned.headcount as returned_headcount,
        published.headcount as published_headcount,
        returned.headcount / nullif(published.headcount, 0) as times_published
    from marts_candidate.mart_leadership__representation as returned
    inner join marts_candidate.mart_leadership__representation as published
        on
            returned.unit_code = published.unit_code
            and returned.as_at_year = published.as_at_year
            and returned.tier = published.tier
            and returned.ethnic_group = published.ethnic_group
            and published.source = 'dfe'
    where
        returned.source = 'returns'
        and returned.tier = 'all'
        and returned.ethnic_group = 'total'
        and returned.units_counted = published.units_counted
        and returned.headcount is not null
        and published.headcount is not null
)

select * from final
order by place
