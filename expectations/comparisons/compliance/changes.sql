-- One row per place and rule of the newest quarter, over all roles: the rate's change on the quarter before, and how much is
-- not known.
with newest as (
    select max(period_end) as period_end from marts_candidate.mart_agency__compliance
),

final as (
    select
        figures.unit_name || ' ' || figures.period_label || ' ' || figures.rule as place,
        figures.unit_level = 'authority' as is_authority,
        figures.change_points,
        figures.unknown_pct
    from marts_candidate.mart_agency__compliance as figures
    inner join newest on figures.period_end = newest.period_end
    where figures.role_type = 'all'
)

select * from final
order by place
